"""The adapter to engine.io, in this process: the library's names, and a goodbye's time."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engineio import Server
from engineio.payload import Payload
from engineio.socket import Socket
from flask import Flask

from taskmaster.core import clock
from taskmaster.streams.budget import FRAMES
from taskmaster.streams.engine import EngineWebSocket
from taskmaster.streams.messages import Closing
from taskmaster.streams.socketio import JOINING, reap
from tests.support.api import Api, User, through_client
from tests.support.asserts import assert_problem
from tests.support.stream_client import NAMESPACE
from tests.support.stream_polling import OPEN, ManualPolling
from tests.support.waiting import wait_until

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An application whose threads are this process' own."""
    return make_app(ASYNC_MODE="threading")


@pytest.fixture
def user(app: Flask) -> User:
    return Api(through_client(app.test_client())).register()


@pytest.fixture
def polling(user: User) -> Iterator[ManualPolling]:
    """A connection that has joined and heard so."""
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    yield polling
    user.post(f"{OPEN}&sid={polling.sid}", data=b"1")


def server_of(app: Flask) -> Any:
    return app.extensions["socketio"].server


def hang_up(app: Flask, polling: ManualPolling, closing: Closing) -> None:
    """Have the server end a connection; return once it has said all that it says."""
    connection = server_of(app).eio.sockets[polling.sid]
    connection.end(closing)
    wait_until(lambda: connection.leaving, what="the server to hang up")


def test_the_librarys_names_are_still_there(app: Flask) -> None:
    engine = server_of(app).eio
    assert engine._async["websocket"] is EngineWebSocket
    assert "websocket" in Server(async_mode="threading")._async
    assert {"connect", "message"} <= engine.handlers.keys()
    assert {"sockets", "transports"} <= vars(engine).keys()
    assert {"server", "sid", "queue", "closed", "upgraded"} <= vars(Socket(engine, "x")).keys()
    assert {"poll", "receive", "close", "handle_post_request"} <= vars(Socket).keys()
    assert Payload.max_decode_packets == FRAMES


@pytest.mark.parametrize("closing", [Closing.SESSION_ENDED, Closing.SERVER_RESTART])
def test_a_goodbye_is_kept_for_some_seconds_only(
    app: Flask, polling: ManualPolling, monkeypatch: pytest.MonkeyPatch, closing: Closing
) -> None:
    server, present = server_of(app), clock.monotonic()
    hang_up(app, polling, closing)
    for later, kept in ((JOINING - 1, True), (JOINING + 1, False)):
        monkeypatch.setattr(clock, "monotonic", lambda later=later: present + later)
        reap(server)
        assert (polling.sid in server.eio.sockets) is kept
    assert "over" in assert_problem(polling.poll(), 400, "malformed_request")["detail"]


def test_who_is_leaving_is_not_listened_to(app: Flask, polling: ManualPolling) -> None:
    hang_up(app, polling, Closing.SESSION_ENDED)
    polling.join()
    assert polling.packets()[-1] == "1"
    assert not app.extensions["hub"].followers()


def test_a_session_that_goes_amid_a_request_is_unknown(app: Flask, user: User) -> None:
    polling = ManualPolling(user)
    server_of(app).eio.sockets[polling.sid].closed = True  # as another thread is about to remove it
    reply = user.post(f"{OPEN}&sid={polling.sid}", data=b"3")
    assert "over" in assert_problem(reply, 400, "malformed_request")["detail"]


def test_a_refused_namespace_leaves_nothing_behind(app: Flask, polling: ManualPolling) -> None:
    polling.post("40/nowhere,")
    (refusal,) = polling.packets()
    assert refusal.startswith("44/nowhere,")
    manager = server_of(app).manager
    assert manager.rooms.keys() == {NAMESPACE}
    assert not manager.pending_connect
