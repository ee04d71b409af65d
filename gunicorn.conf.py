"""gunicorn's settings, its worker for eventlet, and what happens at start and stop.

The arbiter runs this file before it forks the workers. Nothing here may import the application
or what it needs before the fork: locks that exist when a worker patches an async library in
stay real ones, and hold up every request.
"""

import contextlib
import json
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gunicorn.glogging
from gunicorn import util
from gunicorn.workers.base_async import AsyncWorker

HERE = Path(__file__).resolve().parent
FIGURES = "PROMETHEUS_MULTIPROC_DIR"  # where several processes add up what /metrics shows
LINGER = 0.5  # seconds in which a stopping worker still answers on kept connections
DESCRIPTORS = 65536


def _read_settings() -> dict[str, Any]:
    """Return what `config.py` prints, in a process of its own; end where it refuses a setting."""
    answer = subprocess.run([sys.executable, "config.py"], cwd=HERE, stdout=subprocess.PIPE)
    if answer.returncode:
        sys.exit(answer.returncode)  # it has said why
    return json.loads(answer.stdout)  # type: ignore[no-any-return]


ours = _read_settings()
production = ours["ENVIRONMENT"] == "production"

wsgi_app = "wsgi:app"
host = f"[{ours['HOST']}]" if ":" in ours["HOST"] else ours["HOST"]
bind = f"{host}:{ours['PORT']}"
workers = ours["WEB_CONCURRENCY"]
worker_connections = 10_000
worker_class: Any = {"gevent": "gevent", "threading": "gthread"}.get(ours["ASYNC_MODE"])
threads = 200  # ASYNC_MODE=threading: a stream takes one
graceful_timeout = ours["SHUTDOWN_SECONDS"]
keepalive = 75  # seconds for the whole head of a request, from the answer before it
limit_request_line = 8190  # bytes; as many as a header may have
permit_unconventional_http_method = True  # the application answers 405
# TRUSTED_PROXIES says whom to believe: gunicorn takes nothing from headers, whoever sends them.
forwarder_headers, secure_scheme_headers, forwarded_allow_ips = "", dict[str, str](), "*"
loglevel = "error"  # the application logs requests; a refused head may have a token in it
control_socket_disable = True
sendfile = False  # eventlet's sockets cannot

if ours["ASYNC_MODE"] == "eventlet":
    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
    import eventlet
    from eventlet.greenio import GreenSocket
    from eventlet.greenio.base import socket_accept

    class EventletWorker(AsyncWorker):
        """Serve with eventlet; gunicorn has had no worker for it since version 26."""

        def init_process(self) -> None:
            """Patch eventlet in before the application is imported."""
            eventlet.hubs.use_hub()
            eventlet.monkey_patch()
            self.waiting: dict[eventlet.Timeout, Any] = {}  # whose greenlets wait for a request
            super().init_process()

        @contextlib.contextmanager
        def timeout_ctx(self) -> Iterator[None]:
            """Give the head of a request `keepalive` seconds."""
            with eventlet.Timeout(self.cfg.keepalive, False) as timeout:
                self.waiting[timeout] = eventlet.getcurrent()
                try:
                    yield
                finally:
                    del self.waiting[timeout]

        def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
            """Answer, then let other connections have their turn."""
            try:
                super().handle_request(listener_name, req, sock, addr)
            except StopIteration:  # the connection ends: not before the client has the answer
                util.close_graceful(sock)
                raise
            eventlet.sleep()

        def handle_quit(self, sig: int, frame: Any) -> None:
            """Stop for Ctrl-C as for SIGTERM; a signal handler may not wait here."""
            self.handle_exit(sig, frame)

        def accept(self, listener: Any, pool: eventlet.GreenPool) -> None:
            """Serve each client, and let other processes have their turn after each."""
            while True:
                try:
                    client, address = listener.accept()
                    pool.spawn_n(self.handle, listener, client, address)
                    eventlet.sleep()
                except OSError:  # out of descriptors, say
                    eventlet.sleep(0.05)

        def run(self) -> None:
            """Accept until the worker is told to stop, then finish what was begun."""
            pool = eventlet.GreenPool(self.worker_connections)
            listeners = [GreenSocket(one.sock) for one in self.sockets]
            loops = [eventlet.spawn(self.accept, listener, pool) for listener in listeners]
            while self.alive:
                self.notify()
                eventlet.sleep(0.1)
            for loop, listener in zip(loops, listeners, strict=True):
                loop.kill()
                bound = SimpleNamespace(getsockname=repeat(listener.getsockname()).__next__)
                while queued := socket_accept(listener.fd):  # connected: it may have asked already
                    pool.spawn_n(self.handle, bound, GreenSocket(queued[0]), queued[1])
                listener.close()
            with eventlet.Timeout(self.cfg.graceful_timeout, False):
                if self.waiting:
                    eventlet.sleep(LINGER)
                for timeout, waiter in list(self.waiting.items()):
                    eventlet.kill(waiter, timeout)
                pool.waitall()

    worker_class = EventletWorker


def on_starting(server: Any) -> None:
    """Allow as many open connections as the system lets us."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def when_ready(server: Any) -> None:
    """Print where to look, for whoever started this by hand."""
    url = (
        str(server.LISTENERS[0]).replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]", "//[::1]")
    )
    if not production or sys.stdout.isatty():
        print(f"Taskmaster on {url}  (docs: /docs, health: /livez)", flush=True)


def pre_fork(server: Any, worker: Any) -> None:
    """Make the place where several processes add up their figures, before the first begins."""
    if server.num_workers > 1 and FIGURES not in os.environ:
        os.environ[FIGURES] = tempfile.mkdtemp(prefix="taskmaster-")


def post_fork(server: Any, worker: Any) -> None:
    """Tell the application how many processes there really are."""
    os.environ["WEB_CONCURRENCY"] = str(server.num_workers)


def post_worker_init(worker: Any) -> None:
    """Start what the application runs beside its requests."""
    from taskmaster.core import lifecycle

    lifecycle.start(worker.wsgi)
    threading.Thread(target=_say_goodbye, args=(worker,), name="goodbye", daemon=True).start()


def _say_goodbye(worker: Any) -> None:
    """Wait until the worker is told to stop, or its parent has gone; then end the streams."""
    from taskmaster.core import lifecycle
    from taskmaster.core.concurrency import pause

    while worker.alive and worker.ppid == os.getppid():
        pause(0.1)
    worker.alive = False
    lifecycle.stop(worker.wsgi)
    pause(worker.cfg.graceful_timeout + 1)
    os._exit(1)  # without a parent, nobody else ends what does not end by itself


def child_exit(server: Any, worker: Any) -> None:
    """Forget the figures of living processes only; prometheus_client may not be imported here."""
    if directory := os.environ.get(FIGURES):
        for file in Path(directory).glob(f"gauge_live*_{worker.pid}.db"):
            file.unlink()


def on_exit(server: Any) -> None:
    """Remove the figures."""
    if directory := os.environ.get(FIGURES):
        shutil.rmtree(directory, ignore_errors=True)


def write_problem(sock: Any, status: int, reason: str, message: str) -> None:
    """Refuse a request that gunicorn cannot read in the shape of the application's refusals."""
    request_id = secrets.token_hex(8)
    status = 400 if status == 501 else status  # an unknown Transfer-Encoding is the client's fault
    code = "internal_error" if status == 500 else "malformed_request"
    body = {"type": "about:blank", "title": reason, "status": status, "code": code}
    body |= {"detail": "The request cannot be read.", "request_id": request_id}
    content = json.dumps(body)
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nX-Request-ID: {request_id}\r\n"
        f"Content-Type: application/problem+json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    util.write_nonblock(sock, (head + content).encode())
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(1)
        for _ in range(32):  # closed over unread bytes, the connection would be reset
            if not sock.recv(4096):
                break


# As of gunicorn 27.0.1; its own answers HTML and repeats what was sent. See tests/serving.
util.write_error = write_problem


class JSONLines(logging.Formatter):
    """gunicorn's own lines as JSON, as the application writes its own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {"event": "gunicorn", "message": record.getMessage()}
        line["level"] = record.levelname.lower()
        line["timestamp"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class Logger(gunicorn.glogging.Logger):
    """gunicorn's logger, writing JSON."""

    def setup(self, cfg: Any) -> None:
        """Set the handlers up."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JSONLines())


if production:
    logger_class = Logger
