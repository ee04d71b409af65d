"""Tokens that nobody was given, or that are good no more: refused over REST and on streams."""

from typing import Any

import pytest
from flask import Flask

from taskmaster.core.errors import ApiError
from taskmaster.streams.handshake import identify
from tests.support.api import Api, User, register_at
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.forgeries import INVALID, OTHERS, claims_of, each_forgery, sign
from tests.support.server import Server
from tests.support.streams import TRANSPORTS, RefusedError
from tests.support.tables import nothing_changes


def test_forgeries_are_refused(
    app: Flask, api: Api, database: Database, subtests: pytest.Subtests
) -> None:
    tried = 0
    for name, token, code in each_forgery(api, database):
        forged = Api(api.transport, token)
        with subtests.test(name):
            assert_problem(forged.get("auth/profile/"), 401, code)
            assert_problem(forged.post("tasks/", {"title": "Forged"}), 401, code)
            if code != "wrong_token_type":
                assert_problem(api.post("auth/token/verify/", {"token": token}), 401, code)
            with app.test_request_context(), pytest.raises(ApiError) as refused:
                identify(token)  # as every stream does
            assert refused.value.problem["code"] == code
        tried += 1
    assert tried > 60


def test_access_token_does_not_refresh(api: Api, user: User, database: Database) -> None:
    with nothing_changes(database):
        for changes in ({}, {"gen": 1}, {"exp": 2**40}):
            token = sign(user.access, **changes)
            reply = api.post("auth/token/refresh/", {"refresh": token})
            assert_problem(reply, 401, "wrong_token_type")


def test_good_token_signed_again_is_good(user: User) -> None:
    """Else the forgeries above might be refused for another reason."""
    user.access = sign(user.access)
    assert user.get("auth/profile/").status == 200


def test_scheme_is_case_insensitive(user: User, api: Api) -> None:
    for scheme in ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}"]:
        headers = {"Authorization": scheme.format(user.access)}
        assert api.get("auth/profile/", headers=headers).status == 200


def test_no_bearer_token_is_no_authentication(user: User, api: Api) -> None:
    for header in ("", "Bearer", "Bearer ", "{}", "Basic {}", "Bearer{}", "Token {}", "JWT {}"):
        headers = {"Authorization": header.format(user.access)}
        assert_problem(api.get("auth/profile/", headers=headers), 401, "not_authenticated")


def test_token_elsewhere_is_no_authentication(user: User, api: Api) -> None:
    for name in ("token", "access_token", "jwt", "access"):
        reply = api.get("auth/profile/", params={name: user.access})
        assert_problem(reply, 401, "not_authenticated")
        cookie = {"Cookie": f"{name}_cookie={user.access}; {name}={user.access}"}
        assert_problem(api.get("auth/profile/", headers=cookie), 401, "not_authenticated")


def test_claims_tell_nothing_private(user: User) -> None:
    claims: dict[str, Any] = claims_of(user.access)
    assert claims["sub"] == user.id
    assert user.username not in str(claims)


@pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_forgery_opens_no_stream(module_server: Server, transport: str) -> None:
    user = register_at(module_server.url)
    for forge, code in (
        (INVALID["not UTF-8"], "invalid_token"),
        (INVALID["100,000 characters"], "invalid_token"),
        OTHERS["ended session"],
    ):
        with pytest.raises(RefusedError) as refused:
            TRANSPORTS[transport](module_server.url, forge(user)).close()
        assert refused.value.code == code
