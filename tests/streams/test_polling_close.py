"""The close message over polling is kept for a while, in this process."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from typing import Any

import pytest
import structlog
from flask import Flask
from socketio import Server as SocketIO

from taskmaster.core import clock
from taskmaster.events.user_log import UserLog
from taskmaster.streams.handshake import HUB
from taskmaster.streams.protocol import CloseReason
from taskmaster.streams.socketio import namespace
from taskmaster.streams.socketio.adapter import MAX_JOINING, EngineSocket, reap
from taskmaster.streams.socketio.namespace import LockedManager
from taskmaster.streams.takeover import Connection
from tests.support.api import Api, User, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE
from tests.support.stream_client import NAMESPACE
from tests.support.stream_polling import OPEN, ManualPolling
from tests.support.values import HANDSHAKE
from tests.support.waiting import wait_until

pytestmark = ON_SQLITE


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


def hang_up(app: Flask, polling: ManualPolling, reason: CloseReason) -> None:
    """Have the server end a connection; return once it has said all that it says."""
    connection = server_of(app).eio.sockets[polling.sid]
    connection.end(reason)
    wait_until(lambda: connection.leaving, what="the server to hang up")


@pytest.mark.parametrize("reason", [CloseReason.SESSION_ENDED, CloseReason.SERVER_RESTART])
def test_the_close_message_is_kept_for_some_seconds_only(
    app: Flask, polling: ManualPolling, monkeypatch: pytest.MonkeyPatch, reason: CloseReason
) -> None:
    server, present = server_of(app), clock.monotonic()
    hang_up(app, polling, reason)
    for later, kept in ((MAX_JOINING - 1, True), (MAX_JOINING + 60, False)):
        monkeypatch.setattr(clock, "monotonic", lambda later=later: present + later)
        reap(server)
        assert (polling.sid in server.eio.sockets) is kept
    assert "over" in assert_problem(polling.poll(), 400, "malformed_request")["detail"]


def test_a_stop_lets_nobody_new_in(app: Flask, user: User, polling: ManualPolling) -> None:
    HUB.get(app).stop()
    assert_problem(user.get(OPEN), 503, "unavailable")
    assert_problem(user.get("/ws/tasks/", headers=HANDSHAKE), 503, "unavailable")
    polling.wait("stream_closed")


@pytest.mark.parametrize("found", [(True, False), (False, True, False)], ids=["close", "abort"])
def test_a_websocket_that_goes_amid_the_end_of_its_connection_is_no_error(
    app: Flask, polling: ManualPolling, monkeypatch: pytest.MonkeyPatch, found: tuple[bool, ...]
) -> None:
    connection, looks = server_of(app).eio.sockets[polling.sid], cycle(found)
    websocket = property(lambda _: Connection() if next(looks) else None)
    monkeypatch.setattr(EngineSocket, "websocket", websocket)
    connection.abort()
    assert connection.closed


def test_who_is_leaving_is_not_listened_to(app: Flask, polling: ManualPolling) -> None:
    hang_up(app, polling, CloseReason.SESSION_ENDED)
    polling.join()
    assert polling.packets()[-1] == "1"
    assert not HUB.get(app).subscriptions()


def test_a_session_that_goes_amid_a_request_is_unknown(app: Flask, user: User) -> None:
    polling = ManualPolling(user)
    server_of(app).eio.sockets[polling.sid].closed = True  # as another thread is about to remove it
    reply = user.post(f"{OPEN}&sid={polling.sid}", data=b"3")
    assert "over" in assert_problem(reply, 400, "malformed_request")["detail"]


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("owner", "step"),
    [(LockedManager, "pre_connect"), (SocketIO, "get_environ"), (namespace, "identify"),
     (UserLog, "read_head"), (LockedManager, "connect")],
)  # fmt: skip
def test_who_closes_while_it_is_let_in_leaves_nothing(
    app: Flask, user: User, monkeypatch: pytest.MonkeyPatch, owner: Any, step: str, late: bool
) -> None:
    closed, take = [], getattr(owner, step)
    server, manager = server_of(app), server_of(app).manager

    def close() -> None:
        for sid in () if closed else tuple(server.eio.sockets):
            closed.append(sid)
            assert user.post(f"{OPEN}&sid={sid}", data=b"1").status == 200

    def close_and_take(*args: Any, **kwargs: Any) -> Any:
        if not late:
            close()
        taken = take(*args, **kwargs)
        close()
        return taken

    monkeypatch.setattr(owner, step, close_and_take)
    with suppress(AssertionError), structlog.testing.capture_logs() as logs:
        ManualPolling(user)  # whatever its own post is answered
    assert closed
    wait_until(lambda: not HUB.get(app).subscriptions(), what="nobody to follow")
    assert "unhandled_error" not in [entry["event"] for entry in logs]
    wait_until(lambda: not server.namespace_handlers[NAMESPACE]._members, what="no member")
    assert not manager.rooms
    assert not manager.pending_connect
    assert not manager.pending_disconnect
    assert not server.environ


def test_who_was_forgotten_before_it_is_let_in_leaves_nothing(app: Flask) -> None:
    manager = server_of(app).manager
    manager.connect("forgotten", NAMESPACE)
    assert not manager.rooms
    assert not manager.pending_connect


def test_a_refused_namespace_leaves_nothing_behind(app: Flask, polling: ManualPolling) -> None:
    polling.post("40/nowhere,")
    (refusal,) = polling.packets()
    assert refusal.startswith("44/nowhere,")
    manager = server_of(app).manager
    assert manager.rooms.keys() == {NAMESPACE}
    assert not manager.pending_connect
