"""Walking a list by cursor while others insert, change and delete: nothing twice, nothing missed.

What stays as it is in the list's order is seen exactly once, whatever happens between two parts.
"""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from taskmaster.core.ids import uuid7
from taskmaster.events.models import StreamHead
from taskmaster.tasks.models import Task
from tests.support.api import User, succeed
from tests.support.databases import Database
from tests.support.values import ORDERINGS, START

Json = dict[str, Any]

DUE = st.none() | st.integers(0, 3).map(lambda day: (START + timedelta(days=day)).isoformat())
FIELDS = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["a", "b", "B", "é", "a b"]),
        "due_date": DUE,
        "priority": st.sampled_from(["LOW", "MEDIUM", "HIGH"]),
        "status_task": st.sampled_from(["TO DO", "DONE"]),
    }
)
# What happens between two parts: something new, or the n-th of the tasks that go or change.
STEP = st.one_of(
    st.tuples(st.just("create"), FIELDS),
    st.tuples(st.just("delete"), st.integers(0, 99)),
    st.tuples(st.just("update"), st.integers(0, 99), FIELDS),
)
QUERY = st.fixed_dictionaries(
    {
        "ordering": st.builds(str.__add__, st.sampled_from(["", "-"]), st.sampled_from(ORDERINGS)),
        "page_size": st.integers(1, 4),
    },
    optional={"status_task": st.just("TO DO"), "search": st.just("a")},
)


def start(user: User, database: Database, fields: list[Json]) -> list[str]:
    """Make these the user's only tasks, many of them as old as others; return their ids."""
    with database.engine.begin() as connection:
        connection.execute(delete(Task).where(Task.user_id == user.id))
        connection.execute(update(StreamHead).values(task_count=0))
    made = succeed(user.bulk(*({"action": "create", "task": body} for body in fields)))
    ids = [task["id"] for task in made["results"]]
    with database.engine.begin() as connection:
        for number, task_id in enumerate(ids):
            moment = START + timedelta(days=number // 3)
            ids[number] = uuid7(moment)
            changes = {"id": ids[number], "date_created": moment, "last_updated": moment}
            connection.execute(update(Task).where(Task.id == task_id).values(changes))
    return ids


class Others:
    """Somebody who changes the list while it is walked, and spares the steady tasks."""

    def __init__(self, user: User, passing: list[str]) -> None:
        self.user, self.passing = user, passing

    def act(self, step: tuple[Any, ...]) -> None:
        action, *arguments = step
        if action == "create":
            self.passing.append(self.user.create_task(**arguments[0])["id"])
        elif self.passing:
            task_id = self.passing[arguments[0] % len(self.passing)]
            operation = {"action": action, "id": task_id}
            if action == "delete":
                self.passing.remove(task_id)
            else:
                operation["task"] = arguments[1]
            succeed(self.user.bulk(operation))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steady=st.lists(FIELDS, min_size=1, max_size=8),
    passing=st.lists(FIELDS, max_size=8),
    query=QUERY,
    steps=st.lists(st.lists(STEP, max_size=3), max_size=8),
)
def test_what_stays_is_seen_exactly_once(
    user: User,
    database: Database,
    steady: list[Json],
    passing: list[Json],
    query: Json,
    steps: list[list[tuple[Any, ...]]],
) -> None:
    # Interleaved, so that what goes and what stays stand side by side.
    mixed = [f for pair in zip(steady, passing, strict=False) for f in pair]
    mixed += steady[len(passing) :] + passing[len(steady) :]
    ids = start(user, database, mixed)
    staying = {id(fields) for fields in steady}
    others = Others(user, [i for i, f in zip(ids, mixed, strict=True) if id(f) not in staying])
    kept = set(ids) - set(others.passing)
    listed = succeed(user.get("tasks/", params={**query, "page_size": 100}))["results"]
    wanted = [task["id"] for task in listed if task["id"] in kept]

    seen: list[str] = []
    body = succeed(user.get("tasks/", params={"cursor": "", **query}))
    while True:
        seen += [task["id"] for task in body["results"]]
        if body["next"] is None:
            break
        for step in steps.pop() if steps else []:
            others.act(step)
        body = succeed(user.get(body["next"].removeprefix("http://localhost")))
    assert [task_id for task_id in seen if task_id in kept] == wanted
