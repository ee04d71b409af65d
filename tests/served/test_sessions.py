"""For every transport: who is let in, and for how long."""

from collections.abc import Callable

import pytest

from tests.support.api import PASSWORD, Api, User, succeed, through_http
from tests.support.asserts import assert_problem
from tests.support.server import Server
from tests.support.stage import BY_TOKEN, SENDING, Open, assert_closed, over
from tests.support.streams import (
    BrowserWebSocketClient,
    RefusedError,
    SocketIOClient,
    StreamClient,
)
from tests.support.waiting import wait_until


@pytest.mark.parametrize(
    ("token", "code"),
    [("nonsense", "invalid_token"), ("refresh", "wrong_token_type"),
     ("changed", "invalid_token"), ("ended", "token_revoked")],
)  # fmt: skip
def test_who_may_not_is_refused(
    user: User, open_stream: Open, transport: type[StreamClient], token: str, code: str
) -> None:
    if token == "ended":
        user.post("auth/logout/")
    else:
        tokens = {"refresh": user.refresh, "changed": f"{user.access[:-4]}AAAA"}
        user.access = tokens.get(token, token)
    if transport is BrowserWebSocketClient:
        stream = open_stream(user, ready=False)
        stream.wait_for_end()
        assert stream.of("error")[0]["code"] == code
        assert stream.code == 4401
        return
    with pytest.raises(RefusedError, match=code):
        open_stream(user)


@over(BY_TOKEN)  # a WebSocket without a header waits for its first message: 4408, in bounds
def test_who_shows_no_token_is_refused(user: User, open_stream: Open) -> None:
    user.access = None  # type: ignore[assignment]
    with pytest.raises(RefusedError, match="not_authenticated"):
        open_stream(user)


def test_a_page_of_another_origin_is_refused(
    user: User, open_stream: Open, server: Server, transport: type[StreamClient]
) -> None:
    # python-socketio keeps what a WebSocket is refused with; streams/test_socketio_http reads it.
    said = "Connection error" if transport is SocketIOClient else "forbidden"
    for origin in ("https://elsewhere.example", "null"):
        with pytest.raises(RefusedError, match=said):
            open_stream(user, origin=origin)
    assert open_stream(user, origin=server.url)


def log_out(user: User, _: User) -> None:
    succeed(user.post("auth/logout/"))


def end_by_id(user: User, another: User) -> None:
    (own,) = [row for row in succeed(user.get("auth/sessions/"))["results"] if row["current"]]
    succeed(another.delete(f"auth/sessions/{own['id']}/"))


def steal(user: User, _: User) -> None:
    """Refresh with a token two generations old."""
    pair = succeed(user.post("auth/token/refresh/", {"refresh": user.refresh}))
    succeed(user.post("auth/token/refresh/", {"refresh": pair["refresh"]}))
    again = user.post("auth/token/refresh/", {"refresh": user.refresh})
    assert_problem(again, 401, "token_revoked")


@pytest.mark.parametrize("end", [log_out, end_by_id, steal])
def test_the_end_of_a_session_closes_its_streams_only(
    user: User, open_stream: Open, end: Callable[[User, User], None]
) -> None:
    again = user.login(user.username)
    ended, kept = open_stream(user), open_stream(again)
    end(user, again)
    assert_closed(ended, "session_ended", 4401, reconnect=False)
    again.create_task()
    assert kept.wait_for_events(1)


def test_a_password_change_closes_the_other_sessions(user: User, open_stream: Open) -> None:
    again = user.login(user.username)
    other, own = open_stream(user), open_stream(again)
    body = {"old_password": PASSWORD, "new_password_1": "staple", "new_password_2": "staple"}
    succeed(again.post("auth/profile/password/", body))
    assert_closed(other, "session_ended", 4401, reconnect=False)
    again.create_task()
    assert own.wait_for_events(1)


def test_deletion_closes_all(user: User, open_stream: Open) -> None:
    streams = [open_stream(user), open_stream(user.login(user.username))]
    succeed(user.post("auth/profile/delete/", {"password": PASSWORD}))
    for stream in streams:
        assert_closed(stream, "session_ended", 4401, reconnect=False)


def test_expiry_is_announced_and_then_closes(
    open_stream: Open, short_server: Server, transport: type[StreamClient]
) -> None:
    user = Api(through_http(short_server.url)).register()
    stream = open_stream(user, at=short_server)
    assert 0 < stream.wait("token_expiring")["expires_in"] <= 60
    assert_closed(stream, "token_expired", 4401, reconnect=False)
    if transport is BrowserWebSocketClient:
        refused = open_stream(user, at=short_server, ready=False)
        refused.wait_for_end()
        assert [name for name, _ in refused.received] == ["error"]
        assert refused.of("error")[0]["code"] == "token_expired"
    else:
        with pytest.raises(RefusedError, match="token_expired"):
            open_stream(user, at=short_server)


@over(SENDING)  # server-sent events have no way back: reconnect with the new token
def test_a_renewed_stream_outlives_its_first_token(open_stream: Open, short_server: Server) -> None:
    user = Api(through_http(short_server.url)).register()
    old, new = open_stream(user, at=short_server), open_stream(user, at=short_server)

    def outlived() -> bool:
        pair = user.post("auth/token/refresh/", {"refresh": user.refresh}).json
        user.refresh = pair["refresh"]
        assert new.authenticate(pair["access"])["expires_at"] > 0
        return old.ended.is_set()

    wait_until(outlived, every=0.5)
    again = user.login(user.username)
    again.create_task()
    assert new.wait_for_events(1)


@over(SENDING)
def test_the_token_is_renewed_in_band(user: User, open_stream: Open, anybody: Api) -> None:
    stream, other = open_stream(user), anybody.register()
    assert stream.authenticate(other.access)["code"] == "forbidden"
    assert stream.authenticate("nonsense")["code"] == "invalid_token"
    assert stream.authenticate(user.refresh)["code"] == "wrong_token_type"
    again = user.login(user.username)
    assert stream.authenticate(again.access)["expires_at"] > 0
    user.post("auth/logout/")  # the stream belongs to the other session now
    again.create_task()
    assert stream.wait_for_events(1)
