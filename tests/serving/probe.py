"""The application with a few more routes, by which servers are tried."""

import fcntl
import gc
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, request

from taskmaster.core import lifecycle, outages
from taskmaster.core.concurrency import pause, run_blocking
from taskmaster.streams.takeover import end_call, find_socket
from wsgi import app

release = threading.Event()
lifecycle.on_start(app, lambda: print("on_start", flush=True))
lifecycle.on_stop(app, lambda: print("on_stop", flush=True))
lifecycle.on_stop(app, release.set)
if os.environ.get("FAIL_TO_START"):
    lifecycle.on_start(app, lambda: 1 / 0)
if os.environ.get("SHORT_OUTAGES"):
    outages.PAUSE = 0.5


@app.get("/mode")
def mode() -> str:
    return str(app.config["ASYNC_MODE"])


@app.get("/loaded/<name>")
def loaded(name: str) -> str:
    """Tell whether the process has loaded a module."""
    return str(bool(sys.modules.get(name)))


@app.get("/garbage")
def garbage() -> str:
    """Tell whether garbage is looked for, and how many objects are left out."""
    return f"{gc.isenabled()} {gc.get_freeze_count()}"


@app.get("/pid")
def pid() -> str:
    return str(os.getpid())


@app.get("/scheme")
def scheme() -> str:
    return f"{request.scheme} {request.script_root}"


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
            pause(3)  # longer than a busy machine lets the reader wait; it hangs up meanwhile

    return Response(pieces(), content_type="text/event-stream")


@app.get("/broken")
def broken() -> Response:
    def pieces() -> Iterator[bytes]:
        yield b"a piece"
        raise ArithmeticError("in the middle")

    return Response(pieces())


@app.get("/blocking")
def blocking() -> str:
    return run_blocking(str, threading.get_ident() and "done")


@app.get("/held")
def held() -> str:
    """Hold one of the threads for slow work for as long as somebody else locks the file."""
    with open(os.environ["HELD"]) as file:  # noqa: PTH123
        run_blocking(fcntl.flock, file, fcntl.LOCK_SH)
    return "done"


class Takeover(Response):
    """A handshake, then an echo until the end."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        sock: Any = find_socket(environ)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n")
        data = b""
        while data != b"bye" and (data := sock.recv(4096)):
            if data == b"time out":
                self._time_out(sock)
            sock.sendall(data)
        end_call(environ)

    def _time_out(self, sock: Any) -> None:
        sock.settimeout(0.1)
        try:
            sock.recv(1)
        except TimeoutError:
            sock.settimeout(None)


@app.get("/takeover")
def take_over() -> Response:
    return Takeover(status=101)
