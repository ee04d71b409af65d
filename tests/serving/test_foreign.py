"""Other servers that import `wsgi:app`: nothing is patched behind their back, and REST works."""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import requests

from tests.support.api import User, register_at
from tests.support.databases import ON_SQLITE, Database
from tests.support.server import Server
from tests.support.settings import ROOT
from tests.support.streams import (
    TRANSPORTS,
    SocketIOClient,
    SSEClient,
    StreamClient,
    WebSocketClient,
)
from tests.support.values import HANDSHAKE

pytestmark = ON_SQLITE
Start = Callable[[str], Server]


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Iterator[Start]:
    """Start `wsgi:app` by some command; the default of ASYNC_MODE stands."""
    started: list[Server] = []

    def start_one(command: str) -> Server:
        server = Server(database.url, tmp_path / "server.log")
        server.command[2:] = command.split()
        started.append(server)
        server.start()
        return server

    yield start_one
    for server in started:
        server.kill()


@pytest.mark.parametrize(
    ("name", "streams"),
    [("wsgiref", ()), ("gevent", (SSEClient,))],  # the first serves one request at a time
)
def test_server_without_the_socket_refuses_websockets_clearly(
    start: Start, name: str, streams: Iterable[type[StreamClient]]
) -> None:
    server = start(f"-m tests.serving.foreign {name}")
    user = register_at(server.url)
    for path in ("/ws/tasks/", "/socket.io/?EIO=4&transport=websocket"):
        headers = HANDSHAKE | {"Authorization": f"Bearer {user.access}"}
        answer = requests.get(server.url + path, headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "gunicorn" in answer.json()["detail"]
    assert_streamed(server, user, streams)
    assert "Traceback" not in server.text()


def assert_streamed(server: Server, user: User, kinds: Iterable[type[StreamClient]]) -> None:
    """Assert that a change is made, and comes on each of these streams."""
    streams = [kind(server.url, user.access) for kind in kinds]
    for stream in streams:
        stream.wait("stream_ready")
    user.create_task("Seen by all")
    for stream in streams:
        assert stream.wait_for_events(1)[0]["title"] == "Seen by all"
        stream.close()


@pytest.mark.parametrize(
    ("how", "transports"),
    [
        # It keeps small pieces of an event stream back.
        ("-m tests.serving.foreign eventlet", (SocketIOClient, WebSocketClient)),
        ("wsgi.py -k gthread", TRANSPORTS.values()),
        ("-m flask --app wsgi run", TRANSPORTS.values()),
    ],
)
def test_server_with_the_socket_streams_in_its_own_mode(
    start: Start, how: str, transports: Iterable[type[StreamClient]]
) -> None:
    server = start(how)
    assert "conf_not_read" not in server.text()
    assert_streamed(server, register_at(server.url), transports)


def test_gunicorn_without_our_settings_says_so(start: Start) -> None:
    server = start("wsgi.py --config python:tests --no-control-socket wsgi:app")
    assert "conf_not_read" in server.text()


def test_a_check_of_our_settings_says_nothing(database: Database, tmp_path: Path) -> None:
    server = Server(database.url, tmp_path / "log")
    checked = subprocess.run(
        [*server.command, "--check-config"],
        cwd=ROOT,
        env=server.environ,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert (checked.stdout, checked.stderr) == (b"", b"")
