"""Clients that are generated from the served document work as they come, and linters like it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.settings import ROOT, machine_environ

pytestmark = ON_SQLITE
HERE = Path(__file__).parent
TOOLS = ROOT / "node_modules" / ".bin"
TYPESCRIPT = {
    "compilerOptions": {
        "strict": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "types": [],
    }
}
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def run(directory: Path, *command: str | Path, status: int = 0) -> str:
    """Run a program to its end and return what it wrote to standard output."""
    scripts = Path(sys.executable).parent
    environ = machine_environ() | QUIET
    environ["PATH"] = f"{scripts}{os.pathsep}{environ['PATH']}"
    done = subprocess.run(
        [str(word) for word in command],
        cwd=directory,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == status, f"{command}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def document(server: Server, tmp_path: Path) -> Path:
    """The document that the server serves, in a file."""
    assert (TOOLS / "openapi-typescript").exists(), "run `make node_modules/.dev`"
    path = tmp_path / "openapi.json"
    path.write_bytes(requests.get(f"{server.url}/openapi.json", timeout=10).content)
    return path


def test_python_client(server: Server, document: Path) -> None:
    directory = document.parent
    generate = (sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none")
    run(
        directory, *generate, "--path", document, "--output-path", "taskmaster_client",
        "--fail-on-warning",
    )  # fmt: skip
    program = Path(shutil.copy(HERE / "generated_client.py", directory))
    checks = ("--strict", "--follow-imports", "silent", "--config-file", os.devnull)
    run(directory, sys.executable, "-m", "mypy", *checks, program)
    assert run(directory, sys.executable, program, server.url) == "done\n"
    print("\nPython: generated, typed and used without an error")


def test_typescript_client(server: Server, document: Path) -> None:
    directory = document.parent
    (directory / "node_modules").symlink_to(ROOT / "node_modules")
    (directory / "package.json").write_text('{"type": "module"}')
    run(directory, TOOLS / "openapi-typescript", document, "--output", "api.d.ts")
    program = Path(shutil.copy(HERE / "generated_client.ts", directory))
    (directory / "tsconfig.json").write_text(json.dumps(TYPESCRIPT | {"files": [program.name]}))
    run(directory, TOOLS / "tsc")
    assert run(directory, "node", program.with_suffix(".js"), server.url) == "done\n"
    print("\nTypeScript: generated, compiled by tsc --strict and used without an error")


def paths_of(document: Path) -> int:
    return len(json.loads(document.read_text())["paths"])


def test_redocly_finds_the_trailing_slashes_only(document: Path) -> None:
    """They are the original's, and its clients rely on them."""
    lint = (TOOLS / "redocly", "lint", "--extends", "recommended", "--format", "json")
    found: Any = json.loads(run(document.parent, *lint, document, status=1))
    rules = [problem["ruleId"] for problem in found["problems"]]
    assert rules == ["no-path-trailing-slash"] * paths_of(document)
    print(f"\nRedocly: {len(rules)} trailing slashes")


def test_spectral_finds_the_trailing_slashes_only(document: Path) -> None:
    ruleset = document.with_name(".spectral.json")
    ruleset.write_text('{"extends": ["spectral:oas"]}')
    lint = (TOOLS / "spectral", "lint", "--quiet", "--format", "json", "--ruleset", ruleset)
    rules = [problem["code"] for problem in json.loads(run(document.parent, *lint, document))]
    assert rules == ["path-keys-no-trailing-slash"] * paths_of(document)
    print(f"\nSpectral: {len(rules)} trailing slashes")
