"""The fast way that replies are made, held equal to the schema that documents them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from taskmaster.tasks.schemas import Priority, Status, TaskSchema, serialize_task

TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001 (bounds)
    lambda moment: moment.replace(tzinfo=UTC)
)
TASKS = st.fixed_dictionaries(
    {
        "id": st.uuids().map(str),
        "title": st.text(),
        "description": st.text(),
        "status_task": st.sampled_from(Status),
        "date_created": TIMES,
        "last_updated": TIMES,
        "due_date": st.none() | TIMES,
        "priority": st.sampled_from(list(Priority)),
    }
)


@given(TASKS)
def test_serialize_task_equals_what_the_schema_dumps(task: dict[str, Any]) -> None:
    dumped = TaskSchema().dump(task | {"id": UUID(task["id"])})
    serialized = serialize_task(task | {"priority": task["priority"].value})
    assert serialized == dumped
    assert list(serialized) == list(dumped)
