"""Who may do what: every operation of the URL map, tried by everybody there can be."""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask import Flask

from tests.support.api import PASSWORD, Api, User
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.openapi import Json
from tests.support.tables import make_superuser, nothing_changes

NAMES = itertools.count()
ACTORS = ("nobody", "ended session", "another user", "superuser", "owner")  # who may, comes last


@dataclass(frozen=True)
class Row:
    """What each actor is answered: a status, or a refusal's status and code."""

    answers: dict[str, Any]
    body: Callable[[User], Any] = lambda user: None

    def sending(self, body: Any) -> "Row":
        return replace(self, body=body if callable(body) else lambda user: body)


REFUSED = {"nobody": (401, "not_authenticated"), "ended session": (401, "token_revoked")}
ABSENT = {"another user": (404, "not_found"), "superuser": (404, "not_found")}


def public(status: int = 200) -> Row:
    """Everybody, whatever token comes with it."""
    return Row(dict.fromkeys(ACTORS, status))


def account(status: int = 200) -> Row:
    """Everybody with a live session, each on what is their own."""
    return Row(dict.fromkeys(ACTORS, status) | REFUSED)


def owned(status: int = 200) -> Row:
    """The owner only; to everybody else, superusers too, it does not exist."""
    return Row({"owner": status} | REFUSED | ABSENT)


def _new_account(_: User) -> Any:
    name = f"new_{next(NAMES)}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD}


PASSWORDS = {"old_password": PASSWORD, "new_password_1": "staple", "new_password_2": "staple"}
TITLE = {"title": "Changed"}

MATRIX: dict[str, Row] = {
    "POST /api/v1/auth/register/": public(201).sending(_new_account),
    "POST /api/v1/auth/login/": public().sending(
        lambda user: {"username": user.username, "password": PASSWORD}
    ),
    "POST /api/v1/auth/token/verify/": public().sending(lambda user: {"token": user.access}),
    "POST /api/v1/auth/token/refresh/": public().sending(lambda user: {"refresh": user.refresh}),
    "POST /api/v1/auth/password/": Row(
        dict.fromkeys(ACTORS, (401, "invalid_token"))  # with a good one: tests/admin
    ).sending({"token": "x", "password": PASSWORD}),
    "POST /api/v1/auth/logout/": account(),
    "GET /api/v1/auth/profile/": account(),
    "PATCH /api/v1/auth/profile/": account().sending({"first_name": "Changed"}),
    "POST /api/v1/auth/profile/password/": account().sending(PASSWORDS),
    "POST /api/v1/auth/profile/delete/": account().sending({"password": PASSWORD}),
    "GET /api/v1/auth/sessions/": account(),
    "DELETE /api/v1/auth/sessions/": account(),
    "DELETE /api/v1/auth/sessions/<uuid:session_id>/": owned(),
    "GET /api/v1/tasks/": account(),
    "POST /api/v1/tasks/": account(201).sending(TITLE),
    "POST /api/v1/tasks/bulk/": owned().sending(
        lambda user: {"operations": [{"action": "update", "id": user.task_id, "task": TITLE}]}
    ),
    "GET /api/v1/tasks/<uuid:task_id>/": owned(),
    "PUT /api/v1/tasks/<uuid:task_id>/": owned().sending(TITLE),
    "PATCH /api/v1/tasks/<uuid:task_id>/": owned().sending(TITLE),
    "DELETE /api/v1/tasks/<uuid:task_id>/": owned(),
    "GET /api/v1/tasks/<uuid:task_id>/history/": owned(),
    "POST /api/v1/tasks/<uuid:task_id>/restore/": Row(
        {"owner": (409, "already_exists")} | REFUSED | ABSENT
    ),
    "GET /api/v1/tasks/events/": account(),
    "GET /ws/tasks/": Row(dict.fromkeys(ACTORS, (426, "upgrade_required"))),
    # The protocol's own URL, asked for nothing of it; tests/streams has who may join.
    "GET /socket.io/": Row(dict.fromkeys(ACTORS, (400, "malformed_request"))),
    "POST /socket.io/": Row(dict.fromkeys(ACTORS, (400, "malformed_request"))),
    **{f"GET {path}": public() for path in (
        "/", "/account", "/set-password", "/docs", "/docs/streams", "/docs/errors",
        "/openapi.json", "/asyncapi.json", "/livez", "/readyz", "/metrics",
    )},
}  # fmt: skip
MATRIX["GET /api/v1/tasks/stream/"] = Row(REFUSED)  # whoever is let in stays: tests/streams
ELSEWHERE = {"GET /static/<version>/<path:name>", "GET /client/<name>"}


def operations_of(app: Flask) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if not rule.rule.startswith("/admin/")  # tests/admin
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_operation_has_its_row(shared_app: Flask) -> None:
    assert operations_of(shared_app) == MATRIX.keys() | ELSEWHERE


def test_every_documented_operation_has_its_row(document: Json) -> None:
    documented = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
        if method != "parameters"
    }  # fmt: skip
    known = {row.replace("<uuid:", "{").replace(">", "}") for row in MATRIX.keys() | ELSEWHERE}
    assert documented <= known
    assert documented == {row for row in known if " /api/v1/" in row}


def with_task(user: User) -> User:
    """Give somebody one of each that a path may name."""
    user.task_id = user.create_task()["id"]
    user.session_id = user.get("auth/sessions/").json["results"][0]["id"]
    return user


def actor_of(name: str, api: Api, owner: User, database: Database) -> Api:
    """Return somebody who is not the owner, or is."""
    if name == "owner":
        return owner
    if name == "nobody":
        return api
    somebody = owner.login(owner.username) if name == "ended session" else api.register()
    if name == "ended session":
        somebody.post("auth/logout/")
    if name == "superuser":
        make_superuser(database, somebody)
        assert somebody.get("auth/profile/").json["is_superuser"] is True
    return somebody


def assert_answers(operation: str, row: Row, api: Api, database: Database) -> None:
    """Assert what each actor is answered who asks for what is a new user's."""
    owner = with_task(api.register())
    method, path = operation.split(" ")
    path = re.sub(r"<uuid:(\w+)>", lambda found: getattr(owner, found[1], found[0]), path)
    assert "<" not in path, "give the owner one: with_task()"
    for name in (actor for actor in ACTORS if actor in row.answers):
        actor = actor_of(name, api, owner, database)
        expected = row.answers[name]
        if isinstance(expected, int):
            reply = actor.call(method, path, row.body(owner))
            assert reply.status == expected, f"{name}: {reply.body!r}"
        else:
            with nothing_changes(database):
                assert_problem(actor.call(method, path, row.body(owner)), *expected)


def test_each_actor_is_answered_as_the_matrix_says(
    api: Api, database: Database, subtests: pytest.Subtests
) -> None:
    for operation, row in MATRIX.items():
        with subtests.test(operation):
            assert_answers(operation, row, api, database)
