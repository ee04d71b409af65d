"""`flask users ...`: what an operator does at a shell."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from timeit import default_timer
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from taskmaster.core import parts
from tests.support.api import PASSWORD, Api, User, succeed, through_http
from tests.support.asserts import assert_no_events, assert_problem
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.settings import ROOT
from tests.support.streams import TRANSPORTS
from tests.support.tables import contents, nothing_changes

NEW = "staple battery"
Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """Run a command of `flask users`, with lines of standard input."""

    def invoke(*arguments: str, lines: tuple[str, ...] = ()) -> Result:
        typed = "".join(f"{line}\n" for line in lines)
        return app.test_cli_runner().invoke(args=["users", *arguments], input=typed)

    return invoke


def log_in(api: Api, name: str, password: str = PASSWORD) -> int:
    return api.post("auth/login/", {"username": name, "password": password}).status


@pytest.mark.parametrize("command", ["create", "create-superuser"])
@pytest.mark.parametrize("how", ["asked", "options", "mixed"])
def test_create(run: Run, api: Api, command: str, how: str) -> None:
    options = ("--username", "Ada_L", "--email", "Ada@Example.org")
    arguments, lines = {
        "asked": ((), ("Ada_L", "Ada@Example.org", PASSWORD)),
        "mixed": (options, (PASSWORD,)),
        "options": ((*options, "--password", PASSWORD), ()),
    }[how]
    result = run(command, *arguments, lines=lines)
    assert (result.exit_code, result.stdout.endswith("ada_l created.\n")) == (0, True)
    assert PASSWORD not in result.output
    ada = api.login("ada@example.org")
    assert ada.account["is_superuser"] is (command == "create-superuser")


@pytest.mark.parametrize("command", ["list", "deactivate", "create"])
def test_a_database_that_is_not_migrated(run: Run, database: Database, command: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE users RENAME TO away"))
    options = {"deactivate": ("--username", "ada"), "create": ("--username", "ada_l")}
    options["create"] += ("--email", "ada@example.org", "--password", PASSWORD)
    result = run(command, *options.get(command, ()))
    assert result.exit_code == 1
    assert "`flask --app wsgi db upgrade`" in result.stderr
    assert "Traceback" not in result.output


def test_create_where_registration_is_closed(make_app: Callable[..., Flask]) -> None:
    runner = make_app(REGISTRATION="closed").test_cli_runner()
    arguments = ["users", "create", "--username", "ada_l", "--email", "ada@example.org"]
    assert runner.invoke(args=arguments, input=PASSWORD).exit_code == 0


REFUSED = [
    (("create", "--username", "new_one", "--email", "nobody"), PASSWORD, "email: "),
    (("create", "--username", "new_one", "--email", "a@example.org"), "", "password: "),
    (("create", "--username", "new_one", "--email", "a@example.org"), "123456", "too common"),
    (
        ("create", "--username", "known", "--email", "a@example.org"),
        PASSWORD,
        "Already taken",
    ),
    (("set-password", "--username", "known"), "short", "password: "),
    (("set-password", "--username", "known"), "known@example.com", "must not be"),
    (("set-password", "--username", "nobody"), PASSWORD, "no such account"),
    (("deactivate", "--username", "nobody"), "", "no such account"),
    (("activate", "--username", "nobody"), "", "no such account"),
    (("end-sessions", "--username", "nobody"), "", "no such account"),
]


def test_refusals_change_nothing(
    run: Run, api: Api, database: Database, subtests: pytest.Subtests
) -> None:
    api.register("known")
    with nothing_changes(database):
        for arguments, password, said in REFUSED:
            with subtests.test(f"{arguments} {said}"):
                result = run(*arguments, lines=(password,))
                assert result.exit_code == 1
                assert said in result.output
                assert "Traceback" not in result.output
    assert_no_events(database)


def test_list(run: Run, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "READ", 2)
    api.register("zoe_1")
    user = api.register("ada_1")
    run("deactivate", "--username", "ada_1")
    run("create-superuser", "--username", "root_1", "--email", "r@example.org", lines=(PASSWORD,))
    head, *rows = [line.split("\t") for line in run("list").stdout.splitlines()]
    assert head == ["username", "email", "state", "role", "last log-in"]
    assert [row[0] for row in rows] == ["ada_1", "root_1", "zoe_1"]
    assert rows[0][1:4] == ["ada_1@example.com", "deactivated", "user"]
    assert rows[0][4][:19] == user.account["last_login"][:19]
    assert rows[1][2:] == ["active", "superuser", "never"]


def test_set_password_ends_all_sessions(run: Run, api: Api, user: User) -> None:
    assert run("set-password", "--username", user.account["email"], lines=(NEW,)).exit_code == 0
    assert_problem(user.get("auth/profile/"), 401, "token_revoked")
    assert [log_in(api, user.username, password) for password in (PASSWORD, NEW)] == [401, 200]


def test_deactivated_look_like_a_wrong_password_and_come_back_whole(
    run: Run, api: Api, user: User, database: Database
) -> None:
    stranger = api.register()
    task = user.create_task()
    log = [row for row in contents(database)["events"] if user.id in row]
    assert "Sessions ended: 1" in run("deactivate", "--username", user.username.upper()).stdout
    assert_problem(user.get("auth/profile/"), 401, "token_revoked")
    reply = user.post("auth/token/refresh/", {"refresh": user.refresh})
    assert_problem(reply, 401, "token_revoked")
    with nothing_changes(database):
        replies = [
            api.post("auth/login/", {"username": user.username, "password": password})
            for password in (PASSWORD, NEW)
        ]
    right, wrong = (assert_problem(reply, 401, "bad_credentials") for reply in replies)
    assert right | {"request_id": ""} == wrong | {"request_id": ""}
    succeed(stranger.get("auth/profile/"))
    body = {"username": "other", "email": user.account["email"], "password": PASSWORD}
    assert_problem(api.post("auth/register/", body), 409, "already_exists")

    assert run("activate", "--username", user.username).exit_code == 0
    again = api.login(user.username)
    assert succeed(again.get(f"tasks/{task['id']}/")) == task
    assert [row for row in contents(database)["events"] if user.id in row] == log


def test_end_sessions(run: Run, api: Api, user: User) -> None:
    other, stranger = api.login(user.username), api.register()
    assert "ended: 2" in run("end-sessions", "--username", user.username).stdout
    for over in (user, other):
        assert_problem(over.get("auth/profile/"), 401, "token_revoked")
    succeed(stranger.get("auth/profile/"))
    assert log_in(api, user.username) == 200


def flask(server: Server, *arguments: str) -> list[dict[str, Any]]:
    """Run `flask` in a process of its own; return what it logs."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    done = subprocess.run(
        command, env=server.environ, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]


@pytest.mark.journey
@pytest.mark.parametrize("command", ["deactivate", "end-sessions"])
def test_streams_close_in_every_process(start_server: Callable[..., Server], command: str) -> None:
    server = start_server(WEB_CONCURRENCY=2)
    api = Api(through_http(server.url))
    user, stranger = api.register(), api.register()
    clients = [TRANSPORTS[name] for name in TRANSPORTS for _ in range(3)]
    with ExitStack() as stack:
        streams = [stack.enter_context(closing(one(server.url, user.access))) for one in clients]
        stays = stack.enter_context(closing(TRANSPORTS["sse"](server.url, stranger.access)))
        for stream in (*streams, stays):
            stream.wait("stream_ready")
        lines = flask(server, "users", command, "--username", user.username)
        ended = default_timer()
        for stream in streams:
            goodbye = stream.wait("stream_closed", seconds=2 - (default_timer() - ended))
            assert (goodbye["code"], goodbye["reconnect"]) == ("session_ended", False)
        stranger.create_task()
        assert len(stays.wait_for_events(1)) == 1
    (audit,) = [line for line in lines if line.get("user_id") == user.id]
    event = {"deactivate": "user_deactivated", "end-sessions": "sessions_ended"}[command]
    assert (audit["event"], audit["sessions_ended"], audit["by"]) == (event, 1, "command line")
