"""Several that start at once migrate one after the other: machines PostgreSQL, processes SQLite."""

import sys
from pathlib import Path

import psycopg

from tests.support.postgres import PostgresServer
from tests.support.process import Process
from tests.support.settings import ROOT, machine_environ, settings_for
from tests.support.waiting import wait_until

UPGRADE = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
IN_LINE = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def test_three_at_once(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.create_database("at_once")
    environ = machine_environ() | settings_for(url)
    upgrades = [Process(UPGRADE, tmp_path / f"{n}.log", environ, ROOT) for n in range(3)]
    with psycopg.connect(url) as first, psycopg.connect(url, autocommit=True) as onlooker:
        first.execute("CREATE TABLE users ()")  # whoever begins to migrate waits for its end
        for upgrade in upgrades:
            upgrade.start()

        try:
            wait_until(lambda: onlooker.execute(IN_LINE).fetchone() == (2,), 60, what="two in line")
        finally:
            first.rollback()
            codes = [upgrade.child.wait(60) for upgrade in upgrades]
        texts = [upgrade.text() for upgrade in upgrades]
        assert codes == [0, 0, 0], texts
        assert sum("migration_waits" in text for text in texts) == 2
        assert onlooker.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
    postgres.drop_database("at_once")


def test_three_processes_at_once(tmp_path: Path) -> None:
    environ = machine_environ() | settings_for(f"sqlite:///{tmp_path}/tasks.db")
    upgrades = [Process(UPGRADE, tmp_path / f"{n}.log", environ, ROOT) for n in range(3)]
    for upgrade in upgrades:
        upgrade.start()
    codes = [upgrade.child.wait(60) for upgrade in upgrades]
    assert codes == [0, 0, 0], [upgrade.text() for upgrade in upgrades]
