"""A real server in every way to serve, and clients of each transport.

A module is tried in all of `SETUPS`, or in those that it names itself. The default one runs under
`make test`, the others under `make journeys`.
"""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support import stage
from tests.support.api import Api, User, through_http
from tests.support.databases import Database, Template
from tests.support.server import Server, lend_servers
from tests.support.stage import ALL, DEFAULT, Open, OpenAll, Setup, Start, as_journey
from tests.support.streams import StreamClient


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "setup" in metafunc.fixturenames:
        setups = getattr(metafunc.module, "SETUPS", stage.SETUPS)
        cases = [one if one == DEFAULT else as_journey(one) for one in setups]
        metafunc.parametrize("setup", cases, ids=map("-".join, setups), scope="module")


@pytest.fixture(scope="module")
def stream_database(setup: Setup, request: pytest.FixtureRequest) -> Iterator[Database]:
    template: Template = request.getfixturevalue(f"{setup.backend}_template")
    database = template.create()
    yield database
    template.drop(database)


@pytest.fixture(scope="module")
def start_server(
    setup: Setup, stream_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    """Start a server on the module's database, in the setup's mode."""
    logs, how = tmp_path_factory.mktemp("servers"), {"by": setup.by, "ASYNC_MODE": setup.mode}
    with lend_servers(stream_database.url, logs, **how) as start:
        yield start


@pytest.fixture(scope="module")
def server(start_server: Start) -> Server:
    """The server of most tests."""
    return start_server()


@pytest.fixture(scope="module")
def short_server(start_server: Start) -> Server:
    """A server whose tokens expire soon."""
    return start_server(ACCESS_TOKEN_SECONDS=4)


@pytest.fixture(params=ALL)
def transport(request: pytest.FixtureRequest) -> type[StreamClient]:
    """Each transport in turn."""
    return ALL[request.param]


@pytest.fixture
def anybody(server: Server) -> Api:
    """Calls of nobody."""
    return Api(through_http(server.url))


@pytest.fixture
def user(anybody: Api) -> User:
    """Somebody new."""
    return anybody.register()


@pytest.fixture
def streams() -> Iterator[list[StreamClient]]:
    """The streams that a test has opened; they are closed at the end."""
    opened: list[StreamClient] = []
    yield opened
    for stream in opened:
        with suppress(OSError):
            stream.close()


@pytest.fixture
def open_stream(server: Server, transport: type[StreamClient], streams: list[StreamClient]) -> Open:
    """Open streams of the transport."""

    def open_one(
        user: User, since: object = None, ready: bool = True, **options: str
    ) -> StreamClient:
        streams.append(transport(server.url, user.access, since, **options))
        if ready:
            streams[-1].wait("stream_ready")
        return streams[-1]

    return open_one


@pytest.fixture
def open_all(streams: list[StreamClient]) -> OpenAll:
    """Open a stream of each transport at once, where a test waits long for what happens to all."""

    def open_each(
        at: Server, user: User, transports: dict[str, type[StreamClient]] = ALL
    ) -> list[StreamClient]:
        before = len(streams)
        for kind in transports.values():
            streams.append(kind(at.url, user.access))
        for stream in streams[before:]:
            stream.wait("stream_ready")
        return streams[before:]

    return open_each
