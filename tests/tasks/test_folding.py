"""Folding 10,000 characters takes up to 30 ms: nobody waits for it, and no text is folded twice."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from taskmaster.extensions import db
from taskmaster.tasks import bulk
from taskmaster.tasks.models import tasks
from taskmaster.tasks.search import search_columns, spaced_words
from tests.support.api import User, succeed
from tests.support.databases import Database

TITLES = ("", "Water the plants", "!?", "Größe", "cafe\u0301", "界", "a 界b", "\u0301x")
TEXTS = ("", "The plants", "界隈", "\u0301é", "...", "Water")


def store_words(database: Database, search_text: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(update(tasks).values(search_text=search_text))


def assert_as_folded_now(database: Database, count: int) -> None:
    with database.engine.connect() as connection:
        rows = connection.execute(select(tasks)).mappings().all()
    assert len(rows) == count
    for row in rows:
        assert {name: row[name] for name in ("title_key", "search_text")} == search_columns(row)


def test_what_is_stored_follows_from_the_texts_as_they_are(user: User, database: Database) -> None:
    pairs = [(title or "-", text) for title in TITLES for text in TEXTS]
    create = [
        {"action": "create", "task": {"title": title, "description": text}} for title, text in pairs
    ]
    made = succeed(user.bulk(*create))["results"]
    for fields in ({"title": "Über"}, {"title": "..."}, {"description": "Øl"}, {"title": "Z"}):
        changes = [{"action": "update", "id": task["id"], "task": fields} for task in made]
        succeed(user.bulk(*changes))
        assert_as_folded_now(database, len(pairs))
    for task in made:
        succeed(user.patch(f"tasks/{task['id']}/", {"title": f"Größe {task['title']}"}))
    assert_as_folded_now(database, len(pairs))


def test_a_new_title_keeps_the_words_of_the_description(user: User, database: Database) -> None:
    task = user.create_task("Water the plants", description="on Monday")["id"]
    store_words(database, " water the plants on tuesday ")
    succeed(user.patch(f"tasks/{task}/", {"title": "Wash up"}))
    assert succeed(user.get("tasks/", params={"search": "wash tuesday"}))["count"] == 1
    assert succeed(user.get("tasks/", params={"search": "plants"}))["count"] == 0


def test_words_that_were_made_in_another_way_are_made_again(user: User, database: Database) -> None:
    task = user.create_task("Water the plants", description="on Monday")["id"]
    store_words(database, " water thé plants on tuesday ")
    succeed(user.patch(f"tasks/{task}/", {"title": "Wash up"}))
    assert_as_folded_now(database, 1)


def test_a_bulk_folds_before_it_takes_a_connection(
    app: Flask, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = user.create_task(description="Old")["id"]
    taken = dict[str, int]()

    def spy(text: str) -> str:
        with app.app_context():
            taken[text] = db.engine.pool.checkedout()  # type: ignore[attr-defined]
        return spaced_words(text)

    monkeypatch.setattr(bulk, "spaced_words", spy)
    monkeypatch.setattr("taskmaster.tasks.search.spaced_words", spy)
    operations = [
        {"action": "create", "task": {"title": "Title 1", "description": "Text 1"}},
        {"action": "update", "id": task, "task": {"description": "Text 2"}},
    ]
    succeed(user.bulk(*operations))
    assert {text: taken[text] for text in ("Text 1", "Text 2")} == {"Text 1": 0, "Text 2": 0}
    assert "Old" not in taken
