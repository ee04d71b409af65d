"""Tokens that nobody was given, or that are good no more: refused over REST and on streams."""

from typing import Any

import pytest

from tests.support.api import Api, User, through_http
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.forgeries import FORGERIES, claims_of, sign
from tests.support.server import Server
from tests.support.streams import TRANSPORTS, RefusedError, StreamClient
from tests.support.tables import nothing_changes


def test_forgeries_are_refused(
    api: Api, user: User, database: Database, subtests: pytest.Subtests
) -> None:
    for name, (forge, code) in FORGERIES.items():
        account = user.account | {"tokens": {"access": forge(user), "refresh": ""}}
        forged = User(api.transport, account)
        with subtests.test(name), nothing_changes(database):
            assert_problem(forged.get("auth/profile/"), 401, code)
            assert_problem(forged.post("tasks/", {"title": "Forged"}), 401, code)
            if code != "wrong_token_type":
                body = {"token": forged.access}
                assert_problem(api.post("auth/token/verify/", body), 401, code)
        if code == "token_revoked":
            user = api.register()  # that forgery used the account up
    assert len(FORGERIES) > 60


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


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_forgery_opens_no_stream(module_server: Server, transport: str) -> None:
    api = Api(through_http(module_server.url))
    kind: type[StreamClient] = TRANSPORTS[transport]
    user, wrong = api.register(), {}
    for name, (forge, code) in FORGERIES.items():
        token = forge(user)
        try:
            kind(module_server.url, token).close()
            wrong[name] = "let in"
        except RefusedError as refused:
            if refused.code != code:
                wrong[name] = refused.code
        if code == "token_revoked":
            user = api.register()  # that forgery used the account up
    assert wrong == {}
