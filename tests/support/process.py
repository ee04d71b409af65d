"""One child process, its log in a file, ended by its own id."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def free_port() -> int:
    """Return a loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Tell whether a connection to the loopback port is accepted."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A program that can be started and ended again and again, each time the same way."""

    own_session = False

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
                start_new_session=self.own_session,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

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
        """Send SIGKILL: no goodbye, no cleaning up."""
        self.child.kill()
        self.child.wait()

    def pause(self) -> None:
        """Freeze the program: connections stay open and nothing answers."""
        self.child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen program go on."""
        self.child.send_signal(signal.SIGCONT)

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

    own_session = True

    def stop(self) -> None:
        """Hang up."""
        if self.running:
            os.killpg(self.pid, signal.SIGHUP)
            self.child.wait(10)
