"""Several processes on one listening socket.

The parent holds the socket, so that neither the port nor a queued connection is lost with a
child. Children are new processes, not forks: nothing of an event loop or a database connection
can be shared by accident. Written without the async libraries: the parent is never patched.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from prometheus_client.multiprocess import mark_process_dead

from taskmaster.core.concurrency import pause
from taskmaster.server import listener as listeners
from taskmaster.server.process import READY
from taskmaster.server.signals import StopFlag

_TICK = 0.1
_AT_ONCE = 50  # ticks: a child that dies sooner is started again more and more slowly
_LONGEST_PAUSE = 100  # ticks
_MARGIN_SECONDS = 1.0  # what a child may take beyond its time to stop


@dataclass
class _Child:
    process: subprocess.Popen[bytes] | None = None
    age: int = 0
    pause: int = 0
    wait: int = 0


class Supervisor:
    """Keeps `count` children serving until it is told to stop."""

    def __init__(self, listener: socket.socket, count: int, shutdown_seconds: float) -> None:
        self._listener = listener
        self._children = [_Child() for _ in range(count)]
        self._shutdown_ticks = round((shutdown_seconds + _MARGIN_SECONDS) / _TICK)
        self._ready, self._tell_ready = os.pipe()
        os.set_blocking(self._ready, False)
        self._served = False
        self._figures = ""

    def run(self, stop: StopFlag) -> int:
        """Return the exit code: 0 after a clean stop, 1 when no child could start."""
        with tempfile.TemporaryDirectory() as self._figures:
            return self._run(stop)

    def _run(self, stop: StopFlag) -> int:
        while not stop:
            self._note_ready()
            for child in self._children:
                self._tend(child)
            if self._cannot_start():
                self._stop()
                return 1
            pause(_TICK)
        return self._stop()

    def _note_ready(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._served = bool(os.read(self._ready, 4096)) or self._served

    def _cannot_start(self) -> bool:
        return not self._served and any(child.pause for child in self._children)

    def _tend(self, child: _Child) -> None:
        """Look after one child once per tick."""
        child.age += 1
        if child.process is not None and child.process.poll() is not None:
            print(f"server process {child.process.pid} ended, starting another", file=sys.stderr)
            mark_process_dead(child.process.pid, self._figures)  # type: ignore[no-untyped-call]
            child.process = None
            child.pause = min(max(1, child.pause * 2), _LONGEST_PAUSE)
            child.wait = child.pause
        elif child.process is not None and child.age > _AT_ONCE:
            child.pause = 0
        if child.process is None:
            child.wait -= 1
            if child.wait < 0:
                self._start(child)

    def _start(self, child: _Child) -> None:
        numbers = self._listener.fileno(), self._tell_ready
        environ = {
            **os.environ,
            listeners.INHERITED: str(numbers[0]),
            READY: str(numbers[1]),
            "PROMETHEUS_MULTIPROC_DIR": self._figures,  # /metrics adds up all children's
        }
        command = [sys.executable, *sys.orig_argv[1:]]
        child.process = subprocess.Popen(command, env=environ, pass_fds=numbers)  # noqa: S603 - our own
        child.age = 0

    def _stop(self) -> int:
        """Stop accepting, let the children finish, kill what is left; return the exit code."""
        self._listener.close()
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.terminate()
        for _ in range(self._shutdown_ticks):
            if all(process.poll() is not None for process in running):
                break
            pause(_TICK)
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
        # One that was still starting had no handler yet.
        clean = (0, -signal.SIGTERM)
        return int(any(process.returncode not in clean for process in running))
