"""What streams are told when their server stops; the development server just dies."""

from contextlib import closing

import pytest
import websocket

from tests.support.api import Api, close_connections, succeed, through_http
from tests.support.deaf import Deaf
from tests.support.stage import ALL, BY_GUNICORN, Start, assert_closed
from tests.support.streams import TRANSPORTS

SETUPS = BY_GUNICORN


def test_the_server_says_goodbye(start_server: Start) -> None:
    server = start_server()
    user = Api(through_http(server.url)).register()
    streams = [transport(server.url, user.access) for transport in ALL.values()]
    for stream in streams:
        stream.wait("stream_ready")
    assert server.terminate(20) == 0
    for stream in streams:
        assert_closed(stream, "server_restart", 1012, reconnect=True)
        stream.close()


@pytest.mark.parametrize("path", ["ws/tasks/", "socket.io/?EIO=4&transport=websocket"])
def test_who_has_not_joined_holds_no_stop(start_server: Start, path: str) -> None:
    server = start_server(app="tests.support.impatient", JOINING=60, SHUTDOWN_SECONDS=60)
    url = f"{server.url.replace('http', 'ws', 1)}/{path}"
    with closing(websocket.create_connection(url, timeout=10)):
        assert server.terminate(12) == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_who_does_not_read_holds_no_stop(start_server: Start, transport: str) -> None:
    server = start_server(SHUTDOWN_SECONDS=20)
    user = Api(through_http(server.url)).register()
    task = {"title": "x", "description": "y" * 9000}
    for _ in range(6):  # more than the system takes from a writer
        succeed(user.bulk(*[{"action": "create", "task": task}] * 100))
    with closing(Deaf(server, user, transport, since=0)) as client:
        client.wait_until_blocked()
        close_connections()  # with gevent, gunicorn waits for idle ones too
        assert server.terminate(12) == 0
