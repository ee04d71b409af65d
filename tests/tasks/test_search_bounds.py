"""What a text may cost before it can be searched."""

import pytest

from taskmaster.tasks.search import fold, search_columns
from tests.support.api import User, succeed


@pytest.mark.parametrize("marks", ["\u094d", "\u3099\u094d", "\u0e48\u0e38"])
def test_rows_of_marks_are_cut(user: User, marks: str) -> None:
    """To normalize one row of 10,000 took 0.15 s."""
    assert len(fold("か" + marks * 5_000)) <= 31
    assert len(fold("か" + "\u094d" * 5_000 + "\u3099" * 5_000)) <= 31
    user.create_task("Marks", description="か" + (marks * 5_000)[:9_999])
    (task,) = succeed(user.get("tasks/", params={"search": "か" + marks * 40}))["results"]
    assert task["title"] == "Marks"


def test_what_grows_by_folding_is_bounded() -> None:
    columns = search_columns({"title": "\ufdfa" * 100, "description": "\ufdfa" * 10_000})
    assert len(columns["search_text"]) <= 20_000 + 1_800 + 3
