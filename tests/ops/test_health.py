"""`/readyz` is true to the state, names what is wrong, and waits for no request."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import flask_migrate
import pytest
from click import ClickException
from flask import Flask

from taskmaster.core.auth import Principal
from taskmaster.core.database import DATABASES, reading, writing
from taskmaster.ops import health
from taskmaster.streams.handshake import HUB
from taskmaster.streams.subscription import Connection
from tests.support.api import Api, User
from tests.support.databases import ON_SQLITE, Database
from tests.support.postgres import PostgresServer
from tests.support.settings import ROOT
from tests.support.waiting import wait_until

MIB = 2**20


def check(api: Api, name: str) -> str:
    """Return the outcome of one check; the whole must say the same."""
    reply = api.get("/readyz")
    outcome: str = reply.json["checks"][name]
    assert reply.status == (200 if outcome == "ok" else 503)
    assert reply.json["status"] == ("ok" if outcome == "ok" else "failed")
    return outcome


@pytest.fixture
def file(database: Database) -> Path:
    return Path(database.url.removeprefix("sqlite:///"))


@pytest.fixture
def busy(app: Flask) -> Iterator[None]:
    """All connections that requests use are taken."""
    with app.app_context(), ExitStack() as taken:
        taken.enter_context(writing())
        reader = DATABASES.get().reading
        count = reader.pool.size() - reader.pool.checkedout()  # type: ignore[attr-defined]
        for _ in range(count):
            taken.enter_context(reading())
        yield


@pytest.mark.usefixtures("busy")
def test_readiness_waits_for_no_request(api: Api) -> None:
    assert check(api, "database") == "ok"
    assert api.get("/livez").status == 200


def test_the_sweep_waits_for_no_request(
    app: Flask, user: User, request: pytest.FixtureRequest
) -> None:
    hub = HUB.get(app)
    with hub.subscribe(Principal(user.id, user.id, 2**40), 0, Connection()) as subscription:
        user.create_task()
        subscription.reader.log.head = 0
        request.getfixturevalue("busy")
        hub.sweep()
        assert subscription.reader.log.head == 1
        assert subscription.closed  # there is no session of that id


def test_a_check_that_hangs_does_not_hang_the_answer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setitem(health.CHECKS, "migrations", lambda: release.wait(10))
    assert check(api, "migrations") == "failed: no answer"
    release.set()
    running = [one for one in threading.enumerate() if one.name.endswith("(_run)")]
    assert running
    for one in running:
        one.join(10)  # it writes a line, which is no other test's


def test_an_answer_that_had_no_turn_yet_counts(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where 200 requests are served in each turn."""
    release, running = threading.Event(), list[threading.Thread]()

    def answer() -> None:
        running.append(threading.current_thread())
        release.wait(10)

    def let_others_run() -> None:
        release.set()
        running[0].join(10)

    monkeypatch.setattr(health, "pause", let_others_run)
    monkeypatch.setitem(health.CHECKS, "migrations", answer)
    assert check(api, "migrations") == "ok"


@ON_SQLITE
def test_a_file_that_is_deleted_shows(user: User, file: Path) -> None:
    assert check(user, "database") == "ok"
    file.unlink()
    assert check(user, "database") == "failed: the file is missing"


@ON_SQLITE
def test_a_file_that_is_replaced_shows(user: User, file: Path) -> None:
    copy = file.with_suffix(".copy")
    shutil.copyfile(file, copy)
    copy.replace(file)
    assert check(user, "database") == "failed: the file was replaced"


@ON_SQLITE
def test_a_file_that_is_emptied_shows(user: User, file: Path) -> None:
    os.truncate(file, 0)
    assert check(user, "database") == "failed: the file is empty"


@ON_SQLITE
@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
def test_a_file_that_cannot_be_written_shows(
    user: User, file: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    other = Path(f"{file}{end}")
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == other and mode == os.W_OK))
    assert check(user, "database") == "failed: the file is read-only"


@ON_SQLITE
@pytest.mark.parametrize(("used", "who", "outcome"), [
    (MIB, 0, "failed: the disk is full"),
    (MIB, 1000, "failed: the disk is full"),
    (MIB // 2, 0, "ok"),  # the rest is kept for root
    (MIB // 2, 1000, "failed: the disk is full"),
])  # fmt: skip
def test_a_full_disk_shows(
    user: User, monkeypatch: pytest.MonkeyPatch, used: int, who: int, outcome: str
) -> None:
    usage = SimpleNamespace(total=MIB, used=used, free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    monkeypatch.setattr(os, "geteuid", lambda: who)
    assert check(user, "database") == outcome


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_server_that_takes_no_writes_shows(
    make_app: Callable[..., Flask], database: Database
) -> None:
    database.set_default("default_transaction_read_only = on")
    reply = make_app().test_client().get("/readyz")  # as a standby is
    assert reply.json["checks"]["database"] == "failed: the database is read-only"
    assert reply.status_code == 503


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_of_another_encoding_shows_and_is_not_migrated(
    make_app: Callable[..., Flask], postgres: PostgresServer, encoding: str
) -> None:
    url = postgres.create_database(name := f"in_{encoding}", encoding=encoding)
    app = make_app(DATABASE_URL=url)
    reply = app.test_client().get("/readyz")
    assert reply.json["checks"]["database"] == "failed: the database is not in UTF-8"
    assert reply.status_code == 503
    with app.app_context(), pytest.raises(ClickException, match=r"is not in UTF-8\."):
        flask_migrate.upgrade(directory=str(ROOT / "migrations"))
    postgres.drop_database(name)


@ON_SQLITE
def test_a_file_that_was_never_there_shows(make_app: Callable[..., Flask], file: Path) -> None:
    file.unlink()
    reply = make_app().test_client().get("/readyz")
    assert reply.status_code == 503
    assert reply.json["checks"]["database"] in {
        "failed: the file is missing", "failed: the file is empty",  # the other check may make one
    }  # fmt: skip
    assert reply.json["checks"]["migrations"] == "failed: not at the newest migration"


def test_however_many_ask_the_checks_run_once_at_a_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, release, runs = threading.Event(), threading.Event(), list[int]()

    def look() -> None:
        runs.append(1)
        begun.set()
        release.wait(1)

    def ask(latest: health.Latest) -> dict[str, str]:
        arrived.append(1)
        return asked(latest)

    arrived, asked = list[int](), health.Latest.ask
    monkeypatch.setattr(health.Latest, "ask", ask)
    monkeypatch.setitem(health.CHECKS, "migrations", look)
    clients = [app.test_client() for _ in range(5)]
    with ThreadPoolExecutor(5) as others:
        first = others.submit(clients[0].get, "/readyz")
        assert begun.wait(5)
        rest = [others.submit(client.get, "/readyz") for client in clients[1:]]
        wait_until(lambda: len(arrived) == 5, what="all to have asked")
        release.set()
        assert {one.result().status_code for one in (first, *rest)} == {200}
    assert len(runs) <= 2  # one may have come when the first had ended
