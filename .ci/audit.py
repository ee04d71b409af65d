"""Look for known vulnerabilities in what is pinned, where the advisories can be reached."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

COMMAND = ("-m", "pip_audit", "--disable-pip", "--require-hashes", "--timeout", "10", "--format",
           "json", "--progress-spinner", "off", "--requirement")  # fmt: skip
PINNED = ("requirements.txt", "requirements-dev.txt", "bench/requirements.txt")
OUT_OF_REACH = re.compile(
    r"^requests\.exceptions\.(ConnectionError|ProxyError|ConnectTimeout|ReadTimeout)\b"
    r"|Could not connect to .* vulnerability feed",
    re.MULTILINE,
)


def audit(pinned: str) -> list[str]:
    """Print how many packages were audited; return what was found, or that pip-audit failed."""
    command = [sys.executable, *COMMAND, pinned]
    run = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 - our own words
    try:
        packages = json.loads(run.stdout)["dependencies"]
    except ValueError:
        if not OUT_OF_REACH.search(run.stderr):
            return [f"{pinned}: pip-audit failed\n{run.stderr}"]
        print(f"{pinned}: not audited, the advisories are out of reach")
        return []
    audited = [package for package in packages if "vulns" in package]  # else it says why not
    print(f"{pinned}: {len(audited)} of {len(packages)} packages audited")
    return [f"{p['name']} {p['version']}: {v['id']}" for p in audited for v in p["vulns"]]


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    sys.exit("\n".join(found for pinned in PINNED for found in audit(pinned)) or None)
