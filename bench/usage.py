"""What a server's processes use, as Linux tells it in /proc."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
# Of the fields of /proc/<pid>/stat that follow the name (proc_pid_stat(5)).
SESSION, UTIME, STIME, RSS = 3, 11, 12, 21


def cpu_seconds(session: int) -> float:
    """Return the CPU time that the processes of a session have used."""
    return sum(int(f[UTIME]) + int(f[STIME]) for f in _processes(session)) / TICKS


def memory(session: int) -> list[float]:
    """Return the resident memory of each process of a session, in MiB."""
    return [int(fields[RSS]) * PAGE / 2**20 for fields in _processes(session)]


def wait_until_idle(session: int, seconds: float = 15) -> None:
    """Wait until a server has done what it was asked, so that the next turn pays only its own."""
    deadline = time.monotonic() + seconds
    before, now = -1.0, cpu_seconds(session)
    while now - before > 0.01 and time.monotonic() < deadline:
        time.sleep(0.1)
        before, now = now, cpu_seconds(session)


def _processes(session: int) -> Iterator[list[str]]:
    """Return the fields of each process that the session's leader has started, itself too."""
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            fields = (directory / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        if int(fields[SESSION]) == session:
            yield fields
