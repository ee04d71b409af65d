"""What gunicorn lacks: a log that holds nobody up, room for connections, a directory for metrics.

gunicorn.conf.py runs this file before the fork, so it imports neither the application nor what
that needs. What it takes from the standard library here stays real: an async library that a
worker patches in later replaces the names in their modules only.
"""

import atexit
import io
import json
import logging
import os
import shutil
import socket
import sys
import tempfile
from _queue import Empty, SimpleQueue
from _thread import allocate_lock, start_new_thread
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import ip_address
from itertools import count
from os import write
from pathlib import Path
from select import PIPE_BUF, select
from typing import Any, TextIO

import gunicorn.glogging

MAX_QUEUED = 4096  # lines
BATCH = PIPE_BUF - 1024  # bytes written at once: what other processes write does not mix with it
LINGER = 0.02  # seconds: to be woken for every line would cost each request some microseconds
METRICS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"  # where several processes add up what /metrics shows
MEMORY = Path("/dev/shm")  # noqa: S108 - on a full disk, who writes metrics is ended by SIGBUS
DRAIN = 1.0  # seconds for what is queued at the end


class LogWriter(io.TextIOBase):
    """A stderr whose writes never wait and never fail; a thread of its own does the writing.

    What it cannot write, or not in time, is dropped and counted. One line says how much it was,
    as soon as lines can be written again. A forked child has a queue and a thread of its own.
    """

    encoding = "utf-8"

    def __init__(self, stream: TextIO | None) -> None:
        """`stream` is None where the server was started without a stderr."""
        self._stream = stream
        self._begin()
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self._drain)

    def _begin(self) -> None:
        self._queue: SimpleQueue[str] = SimpleQueue()
        self._draining = False
        self._drained: SimpleQueue[None] = SimpleQueue()
        self._once = allocate_lock()  # held from the start of the thread
        self._refused = self._lost = self._reported = 0  # lines; only the thread counts lost ones

    @property
    def dropped(self) -> int:
        """How many lines this process could not write."""
        return self._refused + self._lost

    def write(self, text: str) -> int:
        """Queue the text, or drop it."""
        if self._queue.qsize() < MAX_QUEUED:
            self._queue.put(text)
        else:
            self._refused += 1
        if self._once.acquire(blocking=False):
            try:
                start_new_thread(self._write_forever, ())
            except RuntimeError:  # out of threads: the next write tries again
                self._once.release()
        return len(text)

    def fileno(self) -> int:
        """Return the descriptor of the stream below."""
        return self._stream.fileno() if self._stream else super().fileno()

    def isatty(self) -> bool:
        """Tell whether somebody reads this on a terminal."""
        return bool(self._stream and self._stream.isatty())

    def _write_forever(self) -> None:
        while True:
            text = self._take()
            if not self._try_to_write(text):
                self._lost += text.count("\n")
            elif self.dropped > self._reported and self._queue.empty():
                report, self._reported = _report(self.dropped - self._reported), self.dropped
                self._try_to_write(report)
            if self._draining and self._queue.empty():
                self._drained.put(None)

    def _take(self) -> str:
        """Wait for text; return it with what is queued behind it, in bounds."""
        taken = self._queue.get()
        if self._queue.empty():
            select([], [], [], LINGER)
        while len(taken) < BATCH and not self._queue.empty():
            taken += self._queue.get()
        return taken

    def _try_to_write(self, text: str) -> bool:
        left = text.encode(errors="backslashreplace")
        try:
            while left:
                try:
                    left = left[write(self.fileno(), left) :]
                except BlockingIOError:  # whoever started us made the pipe so
                    select([], [self.fileno()], [])
        except (OSError, ValueError):
            return False
        return True

    def _drain(self) -> None:
        """Give what is queued a moment to be written."""
        if self._once.locked():
            self._draining = True
            self._queue.put("")  # wakes the thread
            with suppress(Empty):
                self._drained.get(timeout=DRAIN)


class JSONLines(logging.Formatter):
    """gunicorn's own lines as JSON, as the application writes its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {"event": record.name.partition(".")[0], "message": record.getMessage()}
        line["level"] = record.levelname.lower()
        line["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _report(lines: int) -> str:
    """Return the line that says how much of the log is missing."""
    told = f"{lines} are missing"
    record = logging.LogRecord("log_lines_dropped", logging.WARNING, "", 0, told, (), None)
    return JSONLines().format(record) + "\n"


class JSONLogger(gunicorn.glogging.Logger):
    """gunicorn's logger, writing JSON."""

    def setup(self, cfg: Any) -> None:
        """Set the handlers up."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JSONLines())


def is_looked_up(host: str | None) -> bool:
    """Tell whether the address of a host has to be asked for elsewhere."""
    if not host or host == "localhost":
        return False
    with suppress(ValueError):
        return not ip_address(host)
    return True


def check_address(host: str, port: int, present: list[Any]) -> None:
    """Exit, with a line that says why, if the server could not serve there after a reload.

    gunicorn would close what it has, and end when the new address cannot be bound.
    """
    if (host, port) in present:
        return
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            sys.exit(f"HOST {host}, PORT {port}: {error}")


def allow_descriptors(wanted: int) -> int:
    """Allow so many open files and connections, or all that the system lets us; never fewer.

    Return how many that is, or `wanted` where there are more.
    """
    import resource  # which Windows does not have

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(hard, wanted)
    if resource.RLIM_INFINITY != soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def make_metrics_directory(server: Any) -> None:
    """Make the directory of METRICS_DIRECTORY, or one of the server's own for several processes.

    The server's environment stays as it was given: an arbiter that follows it (SIGUSR2) gets that.
    """
    given, own = os.environ.get(METRICS_DIRECTORY), getattr(server, "own_metrics", "")
    if server.num_workers > 1 and not (given or own):
        place = MEMORY if _may_use_memory() else None
        own = server.own_metrics = tempfile.mkdtemp(prefix="taskmaster-", dir=place)
    server.metrics = given or own
    if server.metrics:
        Path(server.metrics).mkdir(parents=True, exist_ok=True)


def _may_use_memory() -> bool:
    """Tell whether files stay in /dev/shm: when a person logs out, systemd removes theirs."""
    is_kept = os.getpid() == 1 or os.geteuid() < 1000
    return is_kept and os.access(MEMORY, os.W_OK) and not os.environ.get("TMPDIR")


def tell_metrics_directory(server: Any) -> None:
    """Name the directory in the environment of a worker."""
    os.environ.pop(METRICS_DIRECTORY, None)  # empty, it would be the current directory
    if server.metrics:
        os.environ[METRICS_DIRECTORY] = server.metrics


def name_metrics(server: Any) -> str:
    """Return a free name for those of a new process, which goes on with the files of a dead one."""
    taken = {worker.metrics_name for worker in server.WORKERS.values()}
    return next(name for i in count() if (name := f"{os.getpid()}-{i}") not in taken)


def delete_live_gauges_of(name: str, server: Any) -> None:
    """Delete the live gauges of a dead process; its successor uses its other files.

    prometheus_client does the same, but may not be imported before the fork.
    """
    if server.metrics:
        for file in Path(server.metrics).glob(f"gauge_live*_{name}.db"):
            file.unlink(missing_ok=True)


def remove_metrics_directory(server: Any) -> None:
    """Remove the server's own directory; one that was given is not ours."""
    shutil.rmtree(getattr(server, "own_metrics", ""), ignore_errors=True)
