"""A small app under the real server: `python -m tests.server.tiny`, settings by environment."""

import os
import sys

MODE = os.environ["ASYNC_MODE"]
SEVERAL = int(os.environ.get("WEB_CONCURRENCY", "1"))
SUPERVISING = SEVERAL > 1 and "TASKMASTER_LISTENER_FD" not in os.environ

if MODE == "eventlet" and not SUPERVISING:
    import warnings

    warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()
elif MODE == "gevent" and not SUPERVISING:
    from gevent import monkey

    monkey.patch_all()

import contextlib  # noqa: E402
import threading  # noqa: E402
from collections.abc import Iterator  # noqa: E402

from flask import Flask, Response, request  # noqa: E402

from taskmaster.core import lifecycle  # noqa: E402
from taskmaster.core.concurrency import pause, run_blocking  # noqa: E402
from taskmaster.server import connections, serve, supervise  # noqa: E402

# The same limits, in less time than a test can wait for.
connections.HEAD_SECONDS = connections.IDLE_SECONDS = 1
connections.REQUEST_SECONDS = int(os.environ.get("REQUEST_SECONDS", "60"))

SETTINGS = {
    "HOST": "127.0.0.1",
    "PORT": 0,
    "ENVIRONMENT": "testing",
    "ASYNC_MODE": MODE,
    "WEB_CONCURRENCY": SEVERAL,
    "SHUTDOWN_SECONDS": float(os.environ.get("SHUTDOWN_SECONDS", "3")),
    "MAX_CONTENT_LENGTH": 1024,
}

app = Flask(__name__)
app.config.from_mapping(SETTINGS)
release = threading.Event()
said_goodbye: list[bool] = []
lifecycle.on_start(app, lambda: print("on_start", flush=True))
lifecycle.on_stop(app, lambda: print("on_stop", flush=True))
lifecycle.on_stop(app, release.set)


@app.get("/")
def hello() -> str:
    return "hello"


@app.get("/pid")
def pid() -> str:
    return str(os.getpid())


@app.post("/echo")
def echo() -> bytes:
    return request.get_data()


@app.post("/unread")
def unread() -> tuple[str, int]:
    return "no", 401


@app.get("/slow")
def slow() -> str:
    """Answer a little after the process was told to stop."""
    print("in flight", flush=True)
    release.wait(10)
    pause(0.2)
    return "finished"


@app.get("/forever")
def forever() -> str:
    print("in flight", flush=True)
    threading.Event().wait(60)
    return "never"


@app.get("/stream")
def stream() -> Response:
    def pieces() -> Iterator[bytes]:
        for number in range(3):
            yield b"data: %d\n\n" % number
            pause(0.3)

    return Response(pieces(), content_type="text/event-stream")


@app.get("/blocking")
def blocking() -> str:
    return run_blocking(str, threading.get_ident() and "done")


class Hijack:
    """Takes the connection over for /hijack: a handshake, then an echo until the end."""

    def __init__(self, wsgi_app):  # type: ignore[no-untyped-def]
        self._app = wsgi_app

    def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]
        environ = environ.copy()  # as Flask-SocketIO does
        if environ["PATH_INFO"] != "/hijack":
            return self._app(environ, start_response)
        sock = environ["taskmaster.socket"]
        environ["taskmaster.hijacked"] = True
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n")
        data = b""
        while data != b"bye" and (data := sock.recv(4096)):
            if data == b"time out":
                with contextlib.suppress(TimeoutError):
                    sock.settimeout(0.1)
                    sock.recv(1)
                sock.settimeout(None)
            sock.sendall(data)
        start_response("200 OK", [("Content-Length", "3")])
        return [b"end"]


app.wsgi_app = Hijack(app.wsgi_app)  # type: ignore[method-assign]

if __name__ == "__main__":
    if limit := int(os.environ.get("DESCRIPTORS", "0")):
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    if os.environ.get("FAIL_TO_START") and not SUPERVISING:
        sys.exit("cannot start")
    if SUPERVISING:
        sys.exit(supervise(SETTINGS))
    serve(app)
