"""What goes wrong on our side: named and logged, told in the one shape, and nothing leaks."""

import pytest
from flask import Flask, abort
from sqlalchemy import text

from taskmaster.core.database import reading
from taskmaster.core.errors import DEFAULTS, ErrorCode
from tests.support.api import Api, through_client
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE, Database
from tests.support.postgres import PostgresServer


def test_unhandled_error_is_a_problem_and_leaks_nothing(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    app.add_url_rule("/broken", view_func=lambda: {}["a secret"])
    api = Api(through_client(app.test_client()))
    reply = api.get("/broken", headers={"X-Request-ID": "request-1234"})
    problem = assert_problem(reply, 500, "internal_error")
    assert problem["request_id"] == "request-1234"
    assert b"secret" not in reply.body
    assert b"KeyError" not in reply.body
    log = capsys.readouterr().err
    assert "unhandled_error" in log
    assert "request-1234" in log
    assert "KeyError: 'a secret'" in log


@ON_SQLITE
def test_abort_is_told_in_the_one_shape(app: Flask) -> None:
    app.add_url_rule("/abort/<int:code>", view_func=abort)
    api = Api(through_client(app.test_client()))
    for status, (code, detail) in DEFAULTS.items():
        assert code.status == status
        problem = assert_problem(api.get(f"/abort/{status}"), status, code, bare=True)
        assert problem["detail"] == detail
    without = {code.status.value for code in ErrorCode} - DEFAULTS.keys()
    assert without == {410, 426}  # whose one code says more than the status does
    for status in (410, 418):
        assert_problem(api.get(f"/abort/{status}"), 400, "malformed_request")


def test_error_of_the_database_does_not_leak_its_text(
    app: Flask, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """SQLite has one class of error for what it lacks and for a statement that is wrong."""
    secret = "2retnuh"[::-1]  # tracebacks in the log quote the source

    @app.get("/broken")
    def broken() -> str:
        with reading() as connection:
            connection.execute(text("SELECT :secret FROM FROM nowhere"), {"secret": secret})
        return ""

    reply = Api(through_client(app.test_client())).get("/broken")
    told = {"sqlite": (503, "unavailable"), "postgresql": (500, "internal_error")}
    assert_problem(reply, *told[database.backend])
    for leak in ("nowhere", "SELECT", "sql", "psycopg"):
        assert leak not in reply.body.decode()
    assert secret not in capsys.readouterr().err


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_database_that_is_gone_is_unavailable(
    database: Database, app: Flask, postgres: PostgresServer
) -> None:
    api = Api(through_client(app.test_client()))
    user = api.register()
    postgres.stop()
    try:
        replies = [
            user.get("tasks/"),
            user.post("tasks/", {"title": "One"}),
            api.post("auth/login/", {"username": user.username, "password": "x"}),
        ]
        assert api.get("/livez").status == 200
        assert api.get("/readyz").status == 503
    finally:
        postgres.start()
    for reply in replies:
        assert_problem(reply, 503, "unavailable")
        assert int(reply.headers["Retry-After"]) > 0
    assert user.get("tasks/").json["count"] == 0  # and then it is well again
