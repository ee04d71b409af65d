"""gunicorn's settings, its worker for eventlet, and what happens at start and stop.

The arbiter runs this file before it forks the workers. Nothing here may import the application
or what it needs before the fork. A lock created before a worker patches an async library in stays
unpatched, and blocks all requests.
"""

import contextlib
import gc
import importlib.util
import json
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gunicorn import http, util
from gunicorn.http import wsgi

HERE = Path(__file__).resolve().parent
LINGER = 0.5  # seconds in which a stopping worker still answers on kept connections
AT_ONCE = 16  # connections that a process takes in one turn if no other wants them
YIELD = 0.001  # seconds for other processes to accept, after this one took two that stay
DESCRIPTORS, SPARE = 65536, 200  # as many as we ask for, and those that are no connections


def _load(name: str) -> Any:
    """Return a module of the application's, without the package around it."""
    path = HERE / "taskmaster" / "ops" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


arbiter, reloading = _load("arbiter"), _load("reload")
replies, requests = _load("replies"), _load("requests")
ours: dict[str, Any] = json.loads(reloading.run("config.py", "--environ"))  # a refusal ends it
if not hasattr(sys.stderr, "dropped"):  # it stays at a reload
    sys.stderr = arbiter.LogWriter(sys.stderr)
if ours["LOG_FORMAT"] == "json":
    logger_class = arbiter.JSONLogger

if ours["HAS_REDIS"]:
    sys.modules.pop("redis", None)  # the None set below, if a reload added REDIS_URL
else:  # python-socketio does without Redis's client (6 MiB)
    sys.modules["redis"] = None  # type: ignore[assignment]
if not (ours["HAS_REDIS"] or arbiter.is_looked_up(ours["DATABASE_HOST"])):
    # eventlet does without its resolver (7 MiB)
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

wsgi_app = "wsgi:app"
bind = ("[{HOST}]:{PORT}" if ":" in ours["HOST"] else "{HOST}:{PORT}").format(**ours)
workers = ours["WEB_CONCURRENCY"]
worker_connections = 10_000
threads = 200  # ASYNC_MODE=threading: a stream takes one
graceful_timeout = ours["SHUTDOWN_SECONDS"]
keepalive = 75  # seconds for the whole head of a request, from the answer before it
limit_request_line = 8190  # bytes; as many as a header may have
permit_unconventional_http_method = True  # the application answers 405
# TRUSTED_PROXIES says whom to believe: gunicorn takes nothing from headers, whoever sends them.
forwarder_headers, secure_scheme_headers, forwarded_allow_ips = "", dict[str, str](), "*"
loglevel = "info" if ours["LOG_FORMAT"] == "json" else "warning"  # of the arbiter, see post_fork
control_socket_disable = True
sendfile = False  # eventlet's sockets cannot

worker_class: Any
if ours["ASYNC_MODE"] == "threading":
    worker_class = _load("threads").ThreadWorker
    requests.green = False
elif ours["ASYNC_MODE"] == "gevent":
    from gevent import GreenletExit, server  # type: ignore[import-untyped]
    from gunicorn.workers import ggevent

    def do_read(self: Any) -> Any:
        """Accept. GreenletExit lets gevent try again later without a traceback."""
        from taskmaster.core.outages import ACCEPTING

        try:
            accepted = server.StreamServer.do_read(self)
            ACCEPTING.succeeded()
            return accepted
        except OSError as error:  # out of descriptors, say
            ACCEPTING.failed(error)
            raise GreenletExit from error

    ggevent.StreamServer = type("Listener", (server.StreamServer,), {"do_read": do_read})
    worker_class = type("GreenGeventWorker", (replies.GreenWorker, ggevent.GeventWorker), {})
else:
    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
    import eventlet
    from eventlet.greenio import GreenSocket
    from eventlet.greenio.base import socket_accept

    class EventletWorker(replies.GreenWorker):  # type: ignore[name-defined]
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
            super().handle_request(listener_name, req, sock, addr)
            eventlet.sleep()

        def handle_quit(self, sig: int, frame: Any) -> None:
            """Stop for Ctrl-C as for SIGTERM; a signal handler may not wait here."""
            self.handle_exit(sig, frame)

        def accept(self, listener: Any, pool: eventlet.GreenPool) -> None:
            """Serve clients; requests have their turn between, and the other processes theirs."""
            from taskmaster.core.outages import ACCEPTING

            alone = self.cfg.workers == 1
            while True:
                try:
                    held = pool.running()
                    for _ in range(AT_ONCE if alone else 2):
                        pool.spawn_n(self.handle, listener, *listener.accept())
                        ACCEPTING.succeeded()
                    eventlet.sleep(0 if alone or pool.running() < held + 2 else YIELD)
                except OSError as error:  # out of descriptors, say
                    ACCEPTING.failed(error)
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
    """Migrate, guard later reloads, and raise the limit of open files if the system lets us."""
    reloading.migrate(ours)
    reloading.guard(server, ours, arbiter.check_address)
    allowed = arbiter.allow_descriptors(DESCRIPTORS)
    if allowed < (needed := server.cfg.worker_connections + SPARE):
        server.log.warning("A process may open %d files, and needs up to %d.", allowed, needed)


def when_ready(server: Any) -> None:
    """Print where to look, for whoever started this by hand."""
    if ours["ENVIRONMENT"] != "production" or os.isatty(1):
        url = str(server.LISTENERS[0]).replace("[::]", "[::1]").replace("/0.0.0.0", "/127.0.0.1")
        line = f"Taskmaster on {url}/ (the board), {url}/docs (the API), {url}/livez (its health)\n"
        with contextlib.suppress(OSError):  # nobody reads it
            os.write(1, line.encode())


def pre_fork(server: Any, worker: Any) -> None:
    """Make the place where several processes add up their metrics, before the first begins."""
    arbiter.make_metrics_directory(server)
    worker.metrics_name = arbiter.name_metrics(server)


def post_fork(server: Any, worker: Any) -> None:
    """Tell the application how many processes there are, and where their metrics are."""
    # The workers take what was checked: the files may have been edited since, for a later reload.
    os.environ |= {"PYTHON_DOTENV_DISABLED": "1", **ours["ENVIRON"]}
    os.environ |= {"WEB_CONCURRENCY": str(server.num_workers), "METRICS_NAME": worker.metrics_name}
    arbiter.tell_metrics_directory(server)
    # gunicorn looks up some thirty settings a request, each by two calls of Python.
    vars(worker.cfg).update({name: one.get() for name, one in worker.cfg.settings.items()})
    # The application logs requests itself; a head that gunicorn refuses may have a token in it.
    worker.log.error_log.setLevel("ERROR")
    gc.disable()  # what is imported stays; post_worker_init enables it again


def post_worker_init(worker: Any) -> None:
    """Start what the application runs beside its requests."""
    from taskmaster.core import lifecycle

    lifecycle.start(worker.wsgi)
    gc.freeze()  # to look through all that is imported would hold every request up for 70 ms
    gc.enable()
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


def worker_exit(server: Any, worker: Any) -> None:
    """Remove the metrics where the parent has gone, in the process that ends."""
    if worker.ppid != os.getppid():
        arbiter.remove_metrics_directory(server)


def child_exit(server: Any, worker: Any) -> None:
    """Delete the live gauges of the process that ended."""
    arbiter.delete_live_gauges_of(worker.metrics_name, server)


def on_exit(server: Any) -> None:
    """Remove the metrics."""
    arbiter.remove_metrics_directory(server)


http.RequestParser = requests.Parser
# gunicorn reads only 64 KiB of a body before it closes. More would reset it, and lose the reply.
util.close_graceful = partial(util.close_graceful, max_drain=requests.MAX_DRAIN)
wsgi.Response = replies.Response
util.write_error = replies.write_problem  # gunicorn's own is HTML and repeats what was sent
