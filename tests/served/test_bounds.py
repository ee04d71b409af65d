"""For every transport: what a client may cost, and how the server leaves."""

import threading
from timeit import default_timer

import engineio
import pytest

from taskmaster.streams.token_bucket import MAX_BYTES, MAX_FRAMES
from taskmaster.streams.websocket.connection import MAX_MESSAGE
from tests.support.api import User
from tests.support.server import Server
from tests.support.stage import FRAGMENTING, SENDING, Open, Start, assert_closed, over
from tests.support.streams import (
    BrowserWebSocketClient,
    PollingClient,
    RefusedError,
    StreamClient,
    WebSocketClient,
    close_engine,
)
from tests.support.waiting import wait_until

MOST = 50  # connections
JOINING = 5  # seconds, instead of 10


@pytest.fixture(scope="module")
def server(start_server: Start) -> Server:
    """A server that waits shorter for those who have not said who they are."""
    return start_server(app="tests.support.impatient", JOINING=JOINING)


def test_too_many_connections_of_one_user_are_refused_until_one_goes(
    user: User, open_stream: Open, transport: type[StreamClient]
) -> None:
    streams = [open_stream(user, ready=False) for _ in range(MOST)]
    for stream in streams:
        stream.wait("stream_ready")
    if issubclass(transport, WebSocketClient):
        one_more = open_stream(user, ready=False)
        assert_closed(one_more, "too_many_connections", 4429, reconnect=False)
    else:
        with pytest.raises(RefusedError, match="too_many_connections"):
            open_stream(user)
    streams[0].close()

    def let_in() -> bool:
        try:
            stream = open_stream(user, ready=False)
        except RefusedError:
            return False
        wait_until(lambda: stream.of("stream_ready") or stream.ended.is_set(), what="an answer")
        return bool(stream.of("stream_ready"))

    wait_until(let_in, seconds=30, every=0.1, what="the place that came free")


@over(SENDING)
def test_what_is_not_understood_is_answered(user: User, open_stream: Open) -> None:
    stream = open_stream(user)
    frames = stream.nonsense()
    wait_until(lambda: len(stream.of("error")) == frames, what=f"{frames} answers")
    assert {body["code"] for body in stream.of("error")} <= {"malformed_request"}
    user.create_task()
    assert stream.wait_for_events(1)


@over(SENDING)
def test_a_flood_is_cut(user: User, open_stream: Open) -> None:
    """Too much, and then nothing more: the server reads it all, so that its last word arrives."""
    stream = open_stream(user)
    stream.flood(frames=2 * int(MAX_FRAMES), size=10)
    assert_closed(stream, "flood", 4429, reconnect=False)


@over(FRAGMENTING)
def test_a_flood_of_large_frames_is_cut(user: User, open_stream: Open) -> None:
    stream = open_stream(user)
    stream.flood(frames=int(MAX_BYTES / 30_000) + 4, size=30_000)
    assert_closed(stream, "flood", 4429, reconnect=False)


@over({"polling": PollingClient})
def test_a_post_over_64_kib_is_cut(user: User, open_stream: Open) -> None:
    stream = open_stream(user)
    stream.flood(frames=1, size=MAX_MESSAGE)
    assert_closed(stream, "message_too_large", 4413, reconnect=False)


@over(FRAGMENTING)
@pytest.mark.parametrize(("letter", "count"), [("x", 20), ("é", 10)])
def test_a_message_over_64_kib_is_cut(
    user: User, open_stream: Open, letter: str, count: int
) -> None:
    stream = open_stream(user)
    stream.send_fragments(count, letter * 4096)
    assert_closed(stream, "message_too_large", 4413, reconnect=False)


def test_who_joins_nothing_in_time_is_dropped(server: Server) -> None:
    begun, lasted = default_timer(), list[float]()
    stream = BrowserWebSocketClient(server.url, None, silent=True)
    engines = [engineio.Client(), engineio.Client()]
    ends = [threading.Event() for _ in engines]
    for engine, end, name in zip(engines, ends, ("websocket", "polling"), strict=True):

        def note_the_end(*_: object, end: threading.Event = end) -> None:
            lasted.append(default_timer() - begun)
            end.set()

        engine.on("disconnect", note_the_end)
        engine.connect(server.url, transports=[name], engineio_path="socket.io")
    stream.wait_for_end(JOINING + 3)
    assert default_timer() - begun > JOINING - 1
    assert_closed(stream, "authentication_timeout", 4408, reconnect=False)
    stream.close()
    for engine, end in zip(engines, ends, strict=True):
        assert end.wait(3), "a connection without a namespace was not dropped"
        close_engine(engine)
    assert min(lasted) > JOINING - 1
