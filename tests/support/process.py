"""One child process with its own children, its log in a file, ended by its own id."""

import contextlib
import os
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

MAX_HELD = 100  # ports at a time, far more than one test uses


_held: deque[socket.socket] = deque()


def free_port() -> int:
    """Return a loopback port that nothing listens on, and that no other call gets for long.

    It stays bound, without listening: servers, which reuse addresses, may listen on it again and
    again, while no other test's server is given it.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    _held.append(probe)
    if len(_held) > MAX_HELD:
        _held.popleft().close()
    return int(probe.getsockname()[1])


def children_of(pid: int) -> list[int]:
    """Return the ids of the processes that a process has started and that run (Linux)."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def listens(port: int) -> bool:
    """Tell whether a connection to the loopback port is accepted."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A program that can be started and ended again and again, each time the same way."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environ: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        self.command, self.log = list(command), log
        self.environ, self.directory = environ, directory
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def child(self) -> subprocess.Popen[bytes]:
        """The process started last; it may have ended."""
        assert self._child, "not started"
        return self._child

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Start the program; its output is added to the log."""
        assert not self.running, "runs already"
        with self.log.open("ab") as output:
            self._child = subprocess.Popen(
                self.command,
                env=self.environ,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a group, which can be killed and frozen as a whole
            )

    def __enter__(self) -> Self:
        """Start the program; the end of the block stops it, however that comes."""
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            self.start()
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def terminate(self, seconds: float = 10) -> int:
        """Send SIGTERM and return the exit code. Kill and fail after `seconds`."""
        if not self.running:
            return self.child.returncode
        self.child.terminate()
        try:
            return self.child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not end it in {seconds} s:\n{self.text()}") from None

    def kill(self) -> None:
        """Send SIGKILL to all its processes: no goodbye, no cleaning up."""
        self._signal_all(signal.SIGKILL)
        self.child.wait()

    def pause(self) -> None:
        """Freeze the program: connections stay open and nothing answers."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen program go on."""
        self._signal_all(signal.SIGCONT)

    def children(self) -> list[int]:
        """Return the ids of the processes that it has started and that run (Linux)."""
        return children_of(self.pid)

    @property
    def any_left(self) -> bool:
        """Tell whether any of its processes still runs, itself or another."""
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _signal_all(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def stop(self) -> None:
        """End the program if it runs, frozen or not."""
        if self.running:
            self.resume()
            self.terminate()

    def text(self) -> str:
        """Return all that the program has written."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


class Terminal(Process):
    """A shell and all that it started. They end together, as when the window is closed."""

    def stop(self) -> None:
        """End the shell and all that it started."""
        if self.running:
            os.killpg(self.pid, signal.SIGTERM)
            self.child.wait(10)
