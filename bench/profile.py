"""Where the CPU of a call goes: py-spy's samples of a loaded server, by the package they are in."""

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from .environment import PEERS, ROOT
from .load import measure
from .servers.base import Server

ROWS = ("list of 10", "one task", "create")
RATE = 200  # samples a second
FRAME = re.compile(r"(?P<function>\S+) \((?P<path>.+):\d+\)")
INSTALLED = re.compile(r"/site-packages/(?P<package>\w+)")
# The functions, SQLAlchemy's and one of ours, that call SQLite and wait for it.
CALLS_DATABASE = re.compile(r"do_(begin|commit|execute|executemany|rollback)|patiently")

Samples = Counter[str]  # by package


def take_samples(server: Server, row: str, seconds: float) -> Samples:
    """Load a server with a call, and sample what its processes do meanwhile.

    Raise PermissionError where the system lets nobody but root look into a process.
    """
    options = f"--subprocesses --full-filenames --format raw --rate {RATE}".split()
    with tempfile.NamedTemporaryFile("r") as found:
        target = ["--pid", str(server.process.pid), "--duration", str(max(1, round(seconds)))]
        command = [PEERS.program("py-spy"), "record", *options, *target, "--output", found.name]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as spy:
            measure(server.port, server.process.pid, server.messages(row), seconds + 1)
            _, errors = spy.communicate(timeout=60)
        if spy.returncode:
            raise PermissionError(errors.decode())
        return count(found.read().splitlines())


def count(stacks: Iterable[str]) -> Samples:
    """Return the samples by package, of lines that have a stack, outermost first, and a number.

    The thread that writes the log is left out: py-spy takes its waiting for work, and it uses 1 %
    of the CPU.
    """
    samples = Samples()
    for line in stacks:
        stack, _, number = line.rpartition(" ")
        if "_write_forever" not in stack:
            samples[package(stack.split(";"))] += int(number)
    return samples


def package(stack: Sequence[str]) -> str:
    """Return whose code runs; the standard library works for whoever calls it."""
    frames = [frame for text in reversed(stack) if (frame := FRAME.fullmatch(text))]
    if frames and CALLS_DATABASE.fullmatch(frames[0]["function"]):
        return "SQLite"
    for frame in frames:
        if installed := INSTALLED.search(frame["path"]):
            return installed["package"]
        if Path(frame["path"]).is_relative_to(ROOT):
            return "taskmaster"
    return "Python"
