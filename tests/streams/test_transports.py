"""The contract of streams (section 4), the same for every transport, against a real server."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.api import Api, User, through_http
from tests.support.server import Server
from tests.support.streams import (
    TRANSPORTS,
    BrowserWebSocketClient,
    PollingClient,
    RefusedError,
    StreamClient,
)
from tests.support.waiting import wait_until

Open = Callable[..., StreamClient]
ALL = TRANSPORTS | {"browser": BrowserWebSocketClient, "polling": PollingClient}


@pytest.fixture(params=ALL)
def transport(request: pytest.FixtureRequest) -> type[StreamClient]:
    """Each transport in turn."""
    return ALL[request.param]


@pytest.fixture
def user(module_server: Server) -> User:
    """Somebody new."""
    return Api(through_http(module_server.url)).register()


@pytest.fixture
def open_stream(module_server: Server, transport: type[StreamClient]) -> Iterator[Open]:
    """Open streams of the transport; they are closed at the end."""
    streams: list[StreamClient] = []

    def open_one(user: User, since: object = None, ready: bool = True) -> StreamClient:
        streams.append(transport(module_server.url, user.access, since))
        if ready:
            streams[-1].wait("stream_ready")
        return streams[-1]

    yield open_one
    for stream in streams:
        stream.close()


def test_live_events_are_the_committed_changes(user: User, open_stream: Open) -> None:
    stream = open_stream(user)
    task = user.create_task("Live")
    changed = user.patch(f"tasks/{task['id']}/", {"title": "Lived"}).json
    user.delete(f"tasks/{task['id']}/")
    created, updated, deleted = stream.wait_for_events(3)
    assert stream.of("stream_ready") == [stream.received[0][1]]
    assert {k: created[k] for k in task} == task
    assert {k: updated[k] for k in task} == changed
    assert deleted.keys() == {"seq", "action", "occurred_at", "id"}
    assert [e["action"] for e in stream.events] == ["task_create", "task_update", "task_delete"]
    assert stream.seqs == [1, 2, 3]


def test_resume_replays_what_was_missed_then_goes_on(user: User, open_stream: Open) -> None:
    for number in range(250):
        user.create_task(f"Task {number}")
    stream = open_stream(user, since=7)
    user.create_task("Live")
    stream.wait_for_events(244)
    assert stream.seqs == list(range(8, 252))
    ready = stream.of("stream_ready")[0]
    assert ready["seq"] == ready["replayed"] + 7 >= 250


def test_a_position_ahead_of_the_log_is_reset(user: User, open_stream: Open) -> None:
    user.create_task()
    stream = open_stream(user, since=99)
    assert stream.of("stream_reset")[0].items() >= {"seq": 1, "reason": "ahead"}.items()
    user.create_task()
    stream.wait_for_events(1)
    assert stream.seqs == [2]


@pytest.mark.parametrize("since", ["x", "-1", "1.5", "9" * 30])
def test_a_position_that_is_no_number_is_refused(
    user: User, open_stream: Open, since: str, transport: type[StreamClient]
) -> None:
    if transport is BrowserWebSocketClient:
        stream = open_stream(user, since, ready=False)
        stream.wait_for_end()
        assert stream.of("error")[0]["code"] == "validation_failed"
        return
    with pytest.raises(RefusedError, match="validation_failed"):
        open_stream(user, since)


def test_nobody_gets_another_users_events(user: User, open_stream: Open, api_of: Api) -> None:
    other = api_of.register()
    mine, theirs = open_stream(user), open_stream(other)
    user.create_task("Mine")
    other.create_task("Theirs")
    assert mine.wait_for_events(1)[0]["title"] == "Mine"
    assert theirs.wait_for_events(1)[0]["title"] == "Theirs"
    assert len(mine.events) == len(theirs.events) == 1


@pytest.fixture
def api_of(module_server: Server) -> Api:
    """Calls of nobody on the server."""
    return Api(through_http(module_server.url))


def test_log_out_closes_the_sessions_streams_only(user: User, open_stream: Open) -> None:
    again = user.login(user.username)
    ended, kept = open_stream(user), open_stream(again)
    user.post("auth/logout/")
    ended.wait_for_end()
    goodbye = ended.of("stream_closed")[0]
    assert (goodbye["code"], goodbye["reconnect"]) == ("session_ended", False)
    assert getattr(ended, "code", 4401) == 4401
    again.create_task()
    assert kept.wait_for_events(1)


def test_a_password_change_closes_the_other_sessions(user: User, open_stream: Open) -> None:
    again = user.login(user.username)
    other, own = open_stream(user), open_stream(again)
    body = {"old_password": "correct horse battery", "new_password_1": "staple",
            "new_password_2": "staple"}  # fmt: skip
    assert again.post("auth/profile/password/", body).status == 200
    other.wait_for_end()
    again.create_task()
    assert own.wait_for_events(1)


@pytest.mark.parametrize(
    ("token", "code"),
    [(None, "not_authenticated"), ("nonsense", "invalid_token"), ("refresh", "wrong_token_type")],
)
def test_who_may_not_is_refused(
    user: User, open_stream: Open, transport: type[StreamClient], token: str | None, code: str
) -> None:
    user.access = user.refresh if token == "refresh" else token
    if transport is BrowserWebSocketClient:
        stream = open_stream(user, ready=False)
        stream.wait_for_end()
        assert stream.of("error")[0]["code"] == code
        assert stream.code == 4401
        return
    with pytest.raises(RefusedError, match=code):
        open_stream(user)


def test_the_token_is_renewed_in_band(user: User, open_stream: Open, api_of: Api) -> None:
    stream = open_stream(user)
    if not hasattr(stream, "authenticate"):
        pytest.xfail("SSE has no way back") if False else None
        return
    other = api_of.register()
    assert stream.authenticate(other.access)["code"] == "forbidden"
    assert stream.authenticate("nonsense")["code"] == "invalid_token"
    again = user.login(user.username)
    assert stream.authenticate(again.access)["expires_at"] > 0
    user.post("auth/logout/")  # the stream belongs to the other session now
    again.create_task()
    assert stream.wait_for_events(1)


def test_too_many_connections_of_one_user_are_refused(
    user: User, open_stream: Open, transport: type[StreamClient]
) -> None:
    for _ in range(50):
        open_stream(user)
    if transport is BrowserWebSocketClient:
        stream = open_stream(user, ready=False)
        stream.wait_for_end()
        assert stream.of("stream_closed")[0]["code"] == "too_many_connections"
        assert stream.code == 4429
    else:
        with pytest.raises(RefusedError, match="too_many_connections"):
            open_stream(user)


def test_a_place_is_free_again_when_a_client_goes(user: User, open_stream: Open) -> None:
    streams = [open_stream(user) for _ in range(50)]
    streams[0].close()

    def let_in() -> bool:
        try:
            return bool(open_stream(user))
        except (RefusedError, AssertionError):
            return False

    assert wait_until(let_in, seconds=10, every=0.2)
