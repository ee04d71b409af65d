"""flask-jwt-extended's own decorator in a blueprint of somebody else: as safe as our views."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask_jwt_extended import create_access_token, current_user, get_jwt_identity, jwt_required
from flask_jwt_extended.default_callbacks import default_token_verification_callback

from taskmaster.core import auth
from taskmaster.extensions import jwt
from tests.support.api import PASSWORD, Api, User, succeed
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.forgeries import each_forgery
from tests.support.tables import contents, nothing_changes

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "refresh": {"refresh": True},
    "fresh": {"fresh": True},
    "optional": {"optional": True},
    "unchecked": {"skip_revocation_check": True},
}


def who() -> dict[str, Any]:
    """Tell what a view learns of who is asking."""
    known = {"identity": get_jwt_identity(), "username": getattr(current_user, "username", None)}
    return known | ({"principal": auth.current().user_id} if current_user else {})


@pytest.fixture
def app(app: Flask) -> Flask:
    """An application with a blueprint that knows nothing of ours."""
    stranger = Blueprint("stranger", __name__, url_prefix="/stranger")
    for name, options in OPTIONS.items():
        view = jwt_required(**options)(who)
        stranger.add_url_rule(f"/{name}", name, view, methods=["GET", "POST"])
    app.register_blueprint(stranger)
    return app


def call(api: Api, view: str = "plain", token: str | None = None) -> Any:
    """Call a view of the stranger's, with the client's own token or another."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return api.post(f"/stranger/{view}", headers=headers)


def assert_refused(api: Api, code: str, view: str = "plain", token: str | None = None) -> None:
    """Assert that the view answers 401 with this code, in our shape."""
    assert_problem(call(api, view, token), 401, code)


def known(user: User) -> dict[str, Any]:
    return {"identity": user.id, "username": user.username, "principal": user.id}


def renew(user: User) -> dict[str, str]:
    tokens: dict[str, str] = succeed(user.post("auth/token/refresh/", {"refresh": user.refresh}))
    return tokens


def test_good_token_tells_who_is_asking(api: Api, user: User) -> None:
    api.register()
    for view in ("plain", "fresh", "optional", "unchecked"):
        assert succeed(call(user, view)) == known(user)
    assert succeed(call(user, "refresh", user.refresh)) == known(user)


def test_forgeries_are_refused(api: Api, database: Database, subtests: pytest.Subtests) -> None:
    for name, token, code in each_forgery(api, database):
        with subtests.test(name):
            assert_refused(api, code, "plain", token)
            assert_refused(api, code, "optional", token)


def test_no_token_is_no_authentication(api: Api, user: User) -> None:
    for header in ("", "Bearer", "Bearer ", "Bearer a b", "Basic YTpi", "Token {}"):
        reply = api.get("/stranger/plain", headers={"Authorization": header.format(user.access)})
        assert_problem(reply, 401, "not_authenticated")


def test_optional_token_may_be_missing_and_not_be_bad(api: Api, user: User) -> None:
    assert succeed(call(api, "optional")) == {"identity": None, "username": None}
    assert_refused(api, "invalid_token", "optional", user.access + "x")


def test_log_out_ends_it(user: User, database: Database) -> None:
    succeed(user.post("auth/logout/"))
    with nothing_changes(database):
        for view in ("plain", "fresh", "optional"):
            assert_refused(user, "token_revoked", view)
        assert_refused(user, "token_revoked", "refresh", user.refresh)


def test_deleted_account_ends_it(user: User) -> None:
    succeed(user.post("auth/profile/delete/", {"password": PASSWORD}))
    for view in ("plain", "fresh", "optional", "unchecked"):
        assert_refused(user, "token_revoked", view)


def test_types_are_not_interchangeable(user: User) -> None:
    assert_refused(user, "wrong_token_type", "refresh")
    for view in ("plain", "fresh", "optional"):
        assert_refused(user, "wrong_token_type", view, user.refresh)


def test_replaced_refresh_token_is_refused_and_ends_nothing(user: User, database: Database) -> None:
    tokens = renew(user)
    assert_refused(user, "token_revoked", "refresh", user.refresh)
    assert len(contents(database)["sessions"]) == 1
    assert succeed(call(user, "refresh", tokens["refresh"])) == known(user)


def test_only_a_log_in_gives_a_fresh_token(api: Api, user: User) -> None:
    renewed = renew(user)["access"]
    assert succeed(call(user, "plain", renewed)) == known(user)
    assert_refused(user, "wrong_token_type", "fresh", renewed)
    assert succeed(call(api.login(user.username), "fresh")) == known(user)


def test_token_that_belongs_to_no_session_is_invalid(app: Flask, user: User) -> None:
    with app.app_context():
        token = create_access_token(user.id)
    assert_refused(user, "invalid_token", "plain", token)


@pytest.fixture
def distrust() -> Iterator[None]:
    """Let a stranger's own check of the claims fail."""
    jwt.token_verification_loader(lambda _header, _claims: False)
    yield
    jwt.token_verification_loader(default_token_verification_callback)


@pytest.mark.usefixtures("distrust")
def test_stranger_may_refuse_more(user: User) -> None:
    assert_refused(user, "invalid_token")
