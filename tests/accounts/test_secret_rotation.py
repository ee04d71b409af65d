"""SECRET_KEY_FALLBACKS: what a former key has signed stays good, and none of it is signed anew."""

from collections.abc import Callable

from flask import Flask

from tests.support.api import PASSWORD, Api, Reply, User, succeed, through_client
from tests.support.asserts import assert_problem
from tests.support.racing import twin
from tests.support.values import password_link

OLD, NEW = "old" * 16, "new" * 16
Make = Callable[..., Flask]


def at(app: Flask, user: User) -> User:
    """Return calls of the same user, with the same tokens, to another application."""
    return twin(user, Api(through_client(app.test_client())))


def set_password(app: Flask, link: str) -> Reply:
    api = Api(through_client(app.test_client()))
    return api.post("auth/password/", {"token": link, "password": PASSWORD})


def test_tokens_of_the_old_key_are_good_and_new_ones_are_the_new_keys(make_app: Make) -> None:
    before = make_app(SECRET_KEY=OLD)
    between = make_app(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=f"{'x' * 32},{OLD}")
    after = make_app(SECRET_KEY=NEW)
    prepared = make_app(SECRET_KEY=OLD, SECRET_KEY_FALLBACKS=NEW)  # another machine, not yet new
    user = Api(through_client(before.test_client())).register()
    succeed(at(between, user).get("auth/profile/"))
    assert_problem(at(after, user).get("auth/profile/"), 401, "invalid_token")
    pair = succeed(at(between, user).post("auth/token/refresh/", {"refresh": user.refresh}))
    refreshed = User(user.transport, user.account | {"tokens": pair})
    for new in (refreshed, at(between, user).login(user.username)):
        succeed(at(after, new).get("auth/profile/"))
        succeed(at(prepared, new).get("auth/profile/"))
        assert_problem(at(before, new).get("auth/profile/"), 401, "invalid_token")


def test_links_of_the_old_key_are_good_and_new_ones_are_the_new_keys(make_app: Make) -> None:
    before = make_app(SECRET_KEY=OLD)
    between = make_app(SECRET_KEY=NEW, SECRET_KEY_FALLBACKS=OLD)
    after = make_app(SECRET_KEY=NEW)
    user = Api(through_client(before.test_client())).register()
    link = password_link(before, user.id)
    assert_problem(set_password(after, link), 401, "invalid_token")
    succeed(set_password(between, link))
    link = password_link(between, user.id)
    assert_problem(set_password(before, link), 401, "invalid_token")
    succeed(set_password(after, link))
