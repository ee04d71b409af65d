"""`wsgi.py` itself, before anything is served."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.support.process import Process
from tests.support.waiting import wait_until

WSGI = Path(__file__).parents[2] / "wsgi.py"


def wsgi(tmp_path: Path, **environ: str) -> Process:
    settings = {"PORT": "0", "SECRET_KEY": "k" * 32, "DATABASE_URL": "sqlite://", **environ}
    command = [sys.executable, str(WSGI)]
    return Process(command, tmp_path / "wsgi.log", {**os.environ, **settings})


@pytest.mark.parametrize("processes", ["1", "2"])
def test_wrong_setting_is_named_and_nothing_starts(tmp_path: Path, processes: str) -> None:
    process = wsgi(tmp_path, WEB_CONCURRENCY=processes, SHUTDOWN_SECONDS="soon")
    process.start()
    assert process.child.wait(20) == 1
    assert process.text().startswith("SHUTDOWN_SECONDS: ")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("processes", ["1", "2"])
def test_told_to_stop_while_starting_is_no_error(tmp_path: Path, processes: str) -> None:
    process = wsgi(tmp_path, WEB_CONCURRENCY=processes)
    process.start()
    wait_until(lambda: catches(process.pid, signal.SIGTERM), every=0.001, what="handler set")
    assert process.terminate(5) == 0
    assert "Traceback" not in process.text()


def catches(pid: int, number: int) -> bool:
    """Tell whether the process has a handler for the signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(mask & 1 << (number - 1))
