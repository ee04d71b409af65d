"""For every transport: who is let in, and for how long."""

from collections.abc import Callable
from contextlib import closing

import pytest

from tests.support.api import PASSWORD, Api, User, register_at, succeed
from tests.support.asserts import assert_problem
from tests.support.server import Server
from tests.support.stage import ALL, BY_TOKEN, SENDING, Open, OpenAll, assert_closed, over
from tests.support.streams import (
    BrowserWebSocketClient,
    RefusedError,
    SocketIOClient,
    StreamClient,
)
from tests.support.waiting import wait_until


def refusal(kind: type[StreamClient], server: Server, token: str) -> str:
    """Return the code with which a stream is refused; browsers get it on the stream."""
    try:
        stream = kind(server.url, token)
    except RefusedError as refused:
        return refused.code
    with closing(stream):
        assert kind is BrowserWebSocketClient
        stream.wait_for_end()
        ((name, body),) = stream.received
        assert (name, stream.code) == ("error", 4401)
    return str(body["code"])


@pytest.mark.parametrize(
    ("token", "code"),
    [("nonsense", "invalid_token"), ("refresh", "wrong_token_type"),
     ("changed", "invalid_token"), ("ended", "token_revoked")],
)  # fmt: skip
def test_who_may_not_is_refused(
    user: User, server: Server, transport: type[StreamClient], token: str, code: str
) -> None:
    if token == "ended":
        user.post("auth/logout/")
    else:
        tokens = {"refresh": user.refresh, "changed": f"{user.access[:-4]}AAAA"}
        user.access = tokens.get(token, token)
    assert refusal(transport, server, user.access) == code


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


def test_expiry_is_announced_and_then_closes(open_all: OpenAll, short_server: Server) -> None:
    user = register_at(short_server.url)
    for stream in open_all(short_server, user):
        assert 0 < stream.wait("token_expiring")["expires_in"] <= 60
        assert_closed(stream, "token_expired", 4401, reconnect=False)
    for kind in ALL.values():
        assert refusal(kind, short_server, user.access) == "token_expired"


def test_a_renewed_stream_outlives_its_first_token(open_all: OpenAll, short_server: Server) -> None:
    """Server-sent events have no way back: their clients reconnect with the new token."""
    user = register_at(short_server.url)
    new = open_all(short_server, user, SENDING)

    def renew() -> None:
        pair = succeed(user.post("auth/token/refresh/", {"refresh": user.refresh}))
        user.access, user.refresh = pair["access"], pair["refresh"]
        for stream in new:
            assert stream.authenticate(user.access)["expires_at"] > 0

    renew()
    old = open_all(short_server, user, SENDING)

    def outlived() -> bool:
        renew()
        return all(stream.ended.is_set() for stream in old)

    wait_until(outlived, every=1)  # new tokens: 5 at once, then one a second
    user.login(user.username).create_task()
    for stream in new:
        assert stream.wait_for_events(1)


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
