"""Every server of the bench does the same job: the same calls answer the same, events arrive."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from bench import environment, profile
from bench.http import NUMBER, Connection, RefusedError
from bench.servers.base import TASK, Account, Server
from bench.servers.pocketbase import PocketBase
from bench.servers.python_peers import Django, DjangoWSGI, FastAPI
from bench.servers.taskmaster import Taskmaster
from bench.sockets import Audience
from bench.stage import Setting, Stage

KINDS = (Taskmaster, PocketBase, DjangoWSGI, Django, FastAPI)
CASES = [
    pytest.param((kind, Setting(backend, 1)), id=f"{kind.__name__}-{backend}")
    for kind in KINDS
    for backend in kind.backends
]
STREAMING = [case for case in CASES if "WSGI" not in str(case.id)]
USERS, TASKS = 3, 12


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    environment.install()
    with Stage() as stage:
        yield stage


@pytest.fixture(scope="module", params=CASES)
def server(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Server]:
    kind, setting = request.param
    with stage.serving([kind], setting, USERS, TASKS) as (server,):
        yield server


def ask(server: Server, message: bytes) -> Any:
    """Send one request; return the JSON of a reply that is a success."""

    async def call() -> bytes:
        connection = Connection(server.port)
        try:
            return await connection.call(message)
        finally:
            await connection.close()

    return json.loads(asyncio.run(call()))


def results(reply: Any) -> list[Any]:
    """Return the tasks of a list, however the server names them."""
    if isinstance(reply, list):  # PocketBase's batch
        return [one["body"] for one in reply]
    return list(reply.get("results") or reply["items"])


def test_lists_are_of_equal_pages_with_a_count(server: Server) -> None:
    calls = server.calls(server.accounts[0])
    ten = ask(server, calls["list of 10"])
    assert len(results(ten)) == 10
    assert ten.get("count", ten.get("totalItems")) == TASKS
    assert len(results(ask(server, calls["list of 100"]))) == TASKS
    assert results(ten)[0]["id"] == server.accounts[0].task, "the newest comes first"


def test_one_task_has_the_same_fields(server: Server) -> None:
    task = ask(server, server.calls(server.accounts[0])["one task"])
    assert TASK.items() <= task.items()
    assert {"status_task", "priority", "due_date", "date_created", "last_updated"} <= task.keys()


def test_changes_are_stored(server: Server) -> None:
    calls = server.calls(server.accounts[1])
    assert TASK.items() <= ask(server, calls["create"]).items()
    assert ask(server, calls["update"])["title"] == f"Water {NUMBER}"
    assert ask(server, calls["one task"])["title"] == f"Water {NUMBER}"
    made = results(ask(server, calls["bulk of 100"]))
    assert len({task["id"] for task in made}) == 100
    assert TASK.items() <= made[99].items()
    listed = ask(server, calls["list of 10"])
    assert listed.get("count", listed.get("totalItems")) == TASKS + 101


def test_log_in_gives_a_token(server: Server) -> None:
    reply = ask(server, server.calls(server.accounts[0])["log-in"])
    assert len(reply.get("token") or reply["tokens"]["access"]) > 50


def test_a_wrong_password_does_not(server: Server) -> None:
    right = server.calls(server.accounts[0])["log-in"]
    with pytest.raises(RefusedError, match=r" 40[01] "):
        ask(server, right.replace(b"battery", b"battory"))


def test_tasks_of_others_are_hidden(server: Server) -> None:
    mine, other = server.accounts[:2]
    task = ask(server, server.calls(other)["create"])["id"]
    stranger = Account(mine.id, mine.username, mine.token, task)
    for row in ("one task", "update"):
        with pytest.raises(RefusedError, match=r" 404 "):
            ask(server, server.calls(stranger)[row])


def test_a_title_that_is_too_long_is_refused(server: Server) -> None:
    with pytest.raises(RefusedError, match=r" (400|422) "):
        ask(server, server.create(server.accounts[0], [TASK | {"title": "x" * 101}]))


@pytest.mark.parametrize("server", STREAMING, indirect=True)
def test_events_reach_their_owner_only(server: Server) -> None:
    mine, other = server.accounts[:2]

    async def follow() -> None:
        async with Audience(server) as own, Audience(server) as others:
            await own.open([mine, mine])
            await others.open([other])
            await own.caller(mine).create()
            await own.caller(mine).create(3)
            assert await own.receive(8, 20), own.lags
            await others.caller(other).create()
            assert await others.receive(1, 20)
            assert (len(own.lags), len(others.lags)) == (8, 1)
            assert all(0 < lag < 20_000 for lag in own.lags)

    asyncio.run(follow())


def test_a_profile_names_whose_code_runs() -> None:
    process = 'process 7:"python wsgi.py"'
    worker = f"{process};handle (/venv/site-packages/gunicorn/workers/base.py:9)"
    view = f"{worker};get ({environment.ROOT}/taskmaster/tasks/views.py:9)"
    lines = [
        f"{worker} 1",
        f"{worker};sleep (/usr/lib/python3.11/time.py:9) 2",
        f"{view};dumps (/usr/lib/python3.11/json.py:9) 4",
        f"{view};do_execute (/venv/site-packages/sqlalchemy/engine/default.py:9) 8",
        f"{view};patiently ({environment.ROOT}/taskmaster/core/sqlite.py:9) 16",
        f"{process};run (/usr/lib/python3.11/runpy.py:9) 32",
        f"{process};_write_forever ({environment.ROOT}/taskmaster/ops/arbiter.py:9) 64",
    ]
    found = profile.count(lines)
    assert found == {"gunicorn": 3, "taskmaster": 4, "SQLite": 24, "Python": 32}
