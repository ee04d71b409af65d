"""The application with the routes of `probe.py`, served for real, and raw clients of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.serving.rawclient import RawClient
from tests.support.server import Server
from tests.support.stage import FLASK_RUN, MODES


class ProbeServer(Server):
    """A server of `probe.py`, on an empty database: none of its routes asks it anything."""

    def __init__(self, log: Path, mode: str = "eventlet", **settings: object) -> None:
        """Serve in an async mode of gunicorn's, or by `flask run`."""
        how = {"by": mode} if mode == "flask run" else {"ASYNC_MODE": mode}
        settings = how | {"app": "tests.serving.probe"} | settings
        super().__init__(f"sqlite:///{log.with_suffix('.db')}", log, **settings)  # type: ignore[arg-type]

    def connect(self) -> RawClient:
        return RawClient(self.port)

    def get(self, path: str) -> bytes:
        """Return the body of one answer on a connection of its own."""
        with self.connect() as client:
            client.request("GET", path)
            return client.response().body


Start = Callable[..., ProbeServer]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Start]:
    """Make servers that end with the test; start them yourself."""
    numbers = count()
    with ExitStack() as made:

        def make_one(mode: str = "eventlet", **settings: object) -> ProbeServer:
            server = ProbeServer(tmp_path / f"{next(numbers)}.log", mode, **settings)
            made.callback(server.stop)
            return server

        yield make_one


@pytest.fixture
def start(make: Start) -> Start:
    """Start servers that end with the test."""

    def start_one(mode: str = "eventlet", **settings: object) -> ProbeServer:
        server = make(mode, **settings)
        server.start()
        return server

    return start_one


@pytest.fixture(scope="session", params=[*MODES, FLASK_RUN])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ProbeServer]:
    """One server for many tests, in each way to serve; it must not print a traceback."""
    log = tmp_path_factory.mktemp("server") / f"{request.param}.log"
    server = ProbeServer(log, request.param, GUNICORN_CMD_ARGS="--keep-alive 2")
    with server:
        yield server
        assert server.terminate() == (-15 if request.param == "flask run" else 0)
    assert "Traceback" not in server.text(), server.text()
