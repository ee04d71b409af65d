"""SESSIONS_PER_USER and REGISTRATION: how many log-ins live, and who may come in."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from taskmaster.core import clock
from tests.support.api import PASSWORD, Api, User, succeed, through_client, through_http
from tests.support.asserts import assert_no_events, assert_problem
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.streams import TRANSPORTS
from tests.support.tables import contents, nothing_changes

DAY = 24 * 3600


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """An application that keeps three sessions of a user."""
    return make_app(SESSIONS_PER_USER=3)


def test_the_oldest_ends(api: Api, user: User) -> None:
    stranger = api.register()
    second, third, fourth = (api.login(user.username) for _ in range(3))
    assert_problem(user.get("auth/profile/"), 401, "token_revoked")
    for living in (second, third, fourth, stranger):
        succeed(living.get("auth/profile/"))
    api.login(user.account["email"])
    assert_problem(second.get("auth/profile/"), 401, "token_revoked")


def test_a_log_in_does_not_end_itself_where_the_clock_went_back(api: Api, user: User) -> None:
    others = [api.login(user.username) for _ in range(2)]
    with time_machine.travel(clock.now() - timedelta(hours=1), tick=False):
        latest = api.login(user.username)
    assert_problem(user.get("auth/profile/"), 401, "token_revoked")
    for living in (*others, latest):
        succeed(living.get("auth/profile/"))


def test_a_refused_log_in_ends_none(api: Api, user: User, database: Database) -> None:
    for _ in range(2):
        api.login(user.username)
    with nothing_changes(database):
        wrong = {"username": user.username, "password": "not the password"}
        assert_problem(api.post("auth/login/", wrong), 401, "bad_credentials")
    succeed(user.get("auth/profile/"))


def test_expired_sessions_do_not_count(api: Api, database: Database) -> None:
    with time_machine.travel(1_800_000_000, tick=False) as traveller:
        user = api.register()
        traveller.shift(DAY)
        for _ in range(2):
            api.login(user.username)
        traveller.shift(10 * DAY)
        user = User(api.transport, user.account | {"tokens": succeed(
            user.post("auth/token/refresh/", {"refresh": user.refresh}))})  # fmt: skip
        traveller.shift(5 * DAY)  # the second and third have expired, and still stand in the table
        api.login(user.username)
        assert len(contents(database)["sessions"]) == 4
        api.login(user.username)
        succeed(user.post("auth/token/refresh/", {"refresh": user.refresh}))


def test_a_stream_of_the_oldest_closes(start_server: Callable[..., Server]) -> None:
    server = start_server(SESSIONS_PER_USER=1)
    user = Api(through_http(server.url)).register()
    with closing(TRANSPORTS["sse"](server.url, user.access)) as stream:
        stream.wait("stream_ready")
        Api(through_http(server.url)).login(user.username)
        assert stream.wait("stream_closed") == {"code": "session_ended", "reconnect": False}


def test_closed_registration(make_app: Callable[..., Flask], database: Database) -> None:
    api = Api(through_client(make_app(REGISTRATION="closed").test_client()))
    body = {"username": "ada_l", "email": "ada@example.org", "password": PASSWORD}
    with nothing_changes(database):
        assert_problem(api.post("auth/register/", body), 403, "registration_closed")
    assert_no_events(database)
