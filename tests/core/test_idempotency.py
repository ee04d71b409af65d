"""What an `Idempotency-Key` stands for: the call as well as the body."""

from hashlib import sha256
from typing import Any

from flask import Flask, request
from sqlalchemy import select

from taskmaster.core.idempotency import Key, keys, read_key
from tests.support.api import User
from tests.support.databases import Database


def key_of(app: Flask, path: str, **body: Any) -> Key | None:
    headers = {"Idempotency-Key": "k"}
    with app.test_request_context(path, method="POST", headers=headers, **body):
        return read_key(request)


def test_the_same_body_for_another_resource_is_another_call(app: Flask) -> None:
    first, again, other = (key_of(app, f"/tasks/{task}/move/", json={"to": 1}) for task in "aab")
    assert first == again != other


def test_a_call_may_have_no_body(app: Flask) -> None:
    first, again, other = (key_of(app, f"/tasks/{task}/duplicate/") for task in "aab")
    assert first == again != other


def test_keys_of_an_older_version_still_match(user: User, database: Database) -> None:
    task = {"title": "One"}
    operations = [{"action": "create", "task": task}]
    for path, body in (("tasks/", task), ("tasks/bulk/", {"operations": operations})):
        assert user.post(path, body, headers={"Idempotency-Key": path}).status < 300
    with database.engine.connect() as connection:
        stored = connection.execute(select(keys.c.key, keys.c.fingerprint)).all()
    assert dict(map(tuple, stored)) == {
        "tasks/": sha256(b'{"title":"One"}').hexdigest(),
        "tasks/bulk/": sha256(
            b'{"operations":[{"action":"create","task":{"title":"One"}}]}'
        ).hexdigest(),
    }
