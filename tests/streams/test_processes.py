"""Two processes: what one does, the other's streams know, with Redis and without."""

from collections.abc import Callable
from timeit import default_timer

import pytest

from tests.support.api import PASSWORD, Api, User, succeed, through_http
from tests.support.databases import ON_SQLITE
from tests.support.redis import RedisServer
from tests.support.server import Server
from tests.support.stage import as_journey, assert_closed
from tests.support.streams import TRANSPORTS, StreamClient

Start = Callable[..., Server]
pytestmark = ON_SQLITE
WITHIN = 2  # seconds, as docs/streams.md says


@pytest.fixture(params=["redis", *map(as_journey, ("no redis", "dead redis"))])
def servers(
    request: pytest.FixtureRequest, start_server: Start, redis_server: RedisServer
) -> tuple[Server, Server]:
    url = None if request.param == "no redis" else redis_server.url
    return start_server(REDIS_URL=url), start_server(REDIS_URL=url)


def end_by_log_out(user: User) -> None:
    succeed(user.post("auth/logout/"))


def end_by_password(user: User) -> None:
    body = {"old_password": PASSWORD, "new_password_1": "staple", "new_password_2": "staple"}
    succeed(user.login(user.username).post("auth/profile/password/", body))


def end_by_deletion(user: User) -> None:
    succeed(user.post("auth/profile/delete/", {"password": PASSWORD}))


def left(begun: float) -> float:
    """Return what is left of the seconds that all streams together have."""
    return WITHIN - (default_timer() - begun)


def test_the_other_process_delivers_and_closes(
    servers: tuple[Server, Server], redis_server: RedisServer, request: pytest.FixtureRequest
) -> None:
    one, other = servers
    if "dead redis" in request.node.name:
        redis_server.kill()
    api = Api(through_http(one.url))
    for end in (end_by_log_out, end_by_password, end_by_deletion):
        user = api.register()
        streams: list[StreamClient] = [kind(other.url, user.access) for kind in TRANSPORTS.values()]
        for stream in streams:
            stream.wait("stream_ready")
        user.create_task("Elsewhere")
        written = default_timer()
        for stream in streams:
            assert stream.wait_for_events(1, left(written))[0]["title"] == "Elsewhere"
        delivered = WITHIN - left(written)
        end(user)
        ended = default_timer()
        for stream in streams:
            stream.wait_for_end(left(ended))
        closed = WITHIN - left(ended)
        for stream in streams:
            assert_closed(stream, "session_ended", 4401, reconnect=False)
            stream.close()
        print(f"{end.__name__}: delivered in {delivered:.2f} s, closed in {closed:.2f} s")
