"""`pytest --cov` measures the project, and the servers that tests start as well."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.settings import ROOT, machine_environ

ONE_SERVER = ("tests/architecture/test_client.py", "-k", "real_server and sqlite")


@pytest.mark.journey
def test_it_measures_the_servers_too(tmp_path: Path) -> None:
    reports = (f"--cov-report=json:{tmp_path}/found.json", f"--cov-report=html:{tmp_path}/html")
    command = [sys.executable, "-m", "pytest", "--cov", *reports, *ONE_SERVER]
    # Its own measurement, also where this test is measured itself.
    own = {"COVERAGE_FILE": str(tmp_path / "data"), "COVERAGE_PROCESS_CONFIG": ""}
    done = subprocess.run(
        command, cwd=ROOT, env=machine_environ() | own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["meta"]["branch_coverage"] is True
    measured = {name for name, file in found["files"].items() if file["executed_lines"]}
    assert {"config.py", "wsgi.py", "taskmaster/tasks/views.py"} <= measured
    assert {name.partition("/")[0] for name in found["files"]} == {
        "addresses.py", "config.py", "taskmaster", "wsgi.py",
    }  # fmt: skip
    assert (tmp_path / "html" / "index.html").is_file()
