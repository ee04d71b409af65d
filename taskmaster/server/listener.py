"""The listening socket: bound here, or inherited from the supervisor."""

import contextlib
import os
import socket
import sys

INHERITED = "TASKMASTER_LISTENER_FD"
MAX_CONNECTIONS = 10_000  # at a time, of one process
MAX_HEAD = 64 * 1024  # bytes of a request line, and of all headers
_BACKLOG = 4096
_DESCRIPTORS = 65536


def bind(host: str, port: int) -> socket.socket:
    """Listen on `host`:`port` (0: any free one), or end the process with a line that says why."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SystemExit(f"Cannot listen on {host} port {port}: {error.strerror}") from error
    # Connections inherit it: small frames of a stream shall not wait for each other.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def inherited() -> socket.socket | None:
    """Return the listening socket that the supervisor passed on, if there is one."""
    number = os.environ.get(INHERITED)
    if number is None:
        return None
    # Family -1: ask the descriptor; green sockets would assume IPv4.
    return socket.socket(-1, -1, -1, int(number))


def url(listener: socket.socket) -> str:
    """Return the address to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - only compared
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def announce(listener: socket.socket, environment: str) -> None:
    """Print where to look, for whoever started this by hand; in production only on a terminal."""
    if environment != "production" or sys.stdout.isatty():
        print(f"Taskmaster on {url(listener)}  (docs: /docs, health: /livez)", flush=True)


def raise_descriptor_limit() -> None:
    """Allow as many open connections as the system lets us; Windows has no such limit."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
