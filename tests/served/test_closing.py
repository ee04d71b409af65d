"""What streams are told when their server stops; the development server just dies."""

from contextlib import ExitStack, closing

import websocket

from tests.support.api import close_connections, register_at, succeed
from tests.support.deaf import Deaf
from tests.support.stage import BY_GUNICORN, OpenAll, Start, assert_closed
from tests.support.streams import TRANSPORTS

SETUPS = BY_GUNICORN


def test_the_server_says_goodbye(start_server: Start, open_all: OpenAll) -> None:
    server = start_server()
    streams = open_all(server, register_at(server.url))
    assert server.terminate(20) == 0
    for stream in streams:
        assert_closed(stream, "server_restart", 1012, reconnect=True)


def test_who_has_not_joined_holds_no_stop(start_server: Start) -> None:
    server = start_server(app="tests.support.impatient", JOINING=60, SHUTDOWN_SECONDS=60)
    url = server.url.replace("http", "ws", 1)
    with ExitStack() as stack:
        for path in ("ws/tasks/", "socket.io/?EIO=4&transport=websocket"):
            link = websocket.create_connection(f"{url}/{path}", timeout=10)
            stack.enter_context(closing(link))
        assert server.terminate(12) == 0


def test_who_does_not_read_holds_no_stop(start_server: Start) -> None:
    server = start_server(SHUTDOWN_SECONDS=20)
    user = register_at(server.url)
    task = {"title": "x", "description": "y" * 9000}
    for _ in range(6):  # more than the system takes from a writer
        succeed(user.bulk(*[{"action": "create", "task": task}] * 100))
    with ExitStack() as stack:
        clients = [Deaf(server, user, transport, since=0) for transport in TRANSPORTS]
        for client in clients:
            stack.enter_context(closing(client)).wait_until_blocked()
        close_connections()  # with gevent, gunicorn waits for idle ones too
        assert server.terminate(12) == 0
