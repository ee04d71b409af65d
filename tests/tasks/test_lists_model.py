"""Filters, orderings, pages and cursors in every combination, against a model of a few lines."""

import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any
from unicodedata import combining

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from taskmaster.core.ids import uuid7
from taskmaster.events.models import StreamHead
from taskmaster.tasks.models import Task
from tests.support.api import User, succeed
from tests.support.databases import Database
from tests.support.values import ORDERINGS

Json = dict[str, Any]

# Few values, so that many tasks are equal in what they are filtered and ordered by.
WORDS = ["water", "Wáter", "Wash", "plants", "PLÀN", "straße", "ΟΔΟΣ", "ёлка", "a"]
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
TIMES = st.integers(0, 4).map(lambda day: datetime(2030, 1, 1, tzinfo=UTC) + timedelta(days=day))
STATUSES = ("TO DO", "IN PROGRESS", "DONE")
PRIORITIES = ("LOW", "MEDIUM", "HIGH")

TASKS = st.lists(
    st.fixed_dictionaries(
        {
            "title": TEXTS,
            "description": st.just("") | TEXTS,
            "status_task": st.sampled_from(STATUSES),
            "due_date": st.none() | TIMES,
            "priority": st.sampled_from(PRIORITIES),
            "date_created": TIMES,
            "last_updated": TIMES,
        }
    ),
    min_size=1,
    max_size=12,
)
QUERIES = st.lists(
    st.fixed_dictionaries(
        {
            "ordering": st.builds(str.__add__, st.sampled_from(["", "-"]),
                                  st.sampled_from(ORDERINGS)),
            "page_size": st.integers(1, 13),
        },
        optional={
            "status_task": st.lists(st.sampled_from(STATUSES), min_size=1, max_size=3),
            "search": st.lists(
                st.sampled_from([w[:n] for w in WORDS for n in (1, 3, 9)]), min_size=1, max_size=2
            ).map(" ".join),
            "due_before": TIMES, "due_after": TIMES, "created_after": TIMES, "updated_after": TIMES,
        },
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


def plain(text: str) -> str:
    """Return a text without regard to case or accents."""
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not combining(c))


def begins(word: str, sought: str) -> bool:
    return word == sought if len(sought) == 1 else word.startswith(sought)


def fits(task: Json, query: Json) -> bool:
    """Tell whether a task is in a list: the contract, read naively."""
    words = plain(f"{task['title']} {task['description']}").split()
    due = task["due_date"]
    return (
        task["status_task"] in query.get("status_task", STATUSES)
        and all(
            any(begins(word, sought) for word in words)
            for sought in plain(query.get("search", "")).split()
        )
        and ("due_before" not in query or (due is not None and due < query["due_before"]))
        and ("due_after" not in query or (due is not None and due > query["due_after"]))
        and ("created_after" not in query or task["date_created"] > query["created_after"])
        and ("updated_after" not in query or task["last_updated"] > query["updated_after"])
    )


def key(name: str, task: Json) -> Any:
    if name == "due_date":
        return (task["due_date"] is None, task["due_date"] or 0, task["id"])
    read = {"priority": PRIORITIES.index, "title": plain}.get(name, lambda value: value)
    return (read(task[name]), task["id"])


def expected(tasks: list[Json], query: Json) -> list[str]:
    name = query["ordering"].removeprefix("-")
    found = sorted((t for t in tasks if fits(t, query)), key=lambda task: key(name, task))
    return [t["id"] for t in (found[::-1] if query["ordering"][0] == "-" else found)]


def written(fields: Json) -> Json:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in fields.items()}


def fill(user: User, database: Database, tasks: list[Json]) -> list[Json]:
    """Make these the user's only tasks, created and updated when they say; return them."""
    own = Task.user_id == user.id
    with database.engine.begin() as connection:
        connection.execute(delete(Task).where(own))
        connection.execute(update(StreamHead).values(task_count=0))
    times = ("date_created", "last_updated")
    bodies = [written({k: v for k, v in task.items() if k not in times}) for task in tasks]
    operations = [{"action": "create", "task": body} for body in bodies]
    made = succeed(user.bulk(*operations))["results"]
    filled = [{**task, "id": uuid7(task["date_created"])} for task in tasks]
    with database.engine.begin() as connection:
        for task, stored in zip(filled, made, strict=True):
            changes = {name: task[name] for name in ("id", *times)}
            connection.execute(update(Task).where(Task.id == stored["id"]).values(changes))
    return filled


def walked(user: User, params: Json) -> tuple[list[str], list[int | None]]:
    """Return the ids on all pages, following `next`, and what each page counted."""
    body = succeed(user.get("tasks/", params=params))
    bodies = [body]
    while body["next"]:
        body = succeed(user.get(body["next"].removeprefix("http://localhost")))
        bodies.append(body)
    return [t["id"] for b in bodies for t in b["results"]], [b["count"] for b in bodies]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tasks=TASKS, queries=QUERIES)
def test_every_list_is_what_the_model_says(
    user: User, database: Database, tasks: list[Json], queries: list[Json]
) -> None:
    stored = fill(user, database, tasks)
    for query in queries:
        wanted = expected(stored, query)
        ids, counts = walked(user, written(query))
        assert ids == wanted
        assert set(counts) == {len(wanted)}
        ids, counts = walked(user, written(query) | {"cursor": ""})
        assert ids == wanted
        assert set(counts) == {None}
