"""Writes of the Python client on a condition: nobody overwrites what they have not seen."""

from typing import Any

import pytest

from tests.support.api import User, succeed

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(("call", "changes"), [("update", {"title": "Mine"}), ("remove", {})])
def test_what_has_changed_since_is_left_alone(
    tm: Any, user: User, module: Any, call: str, changes: dict[str, str]
) -> None:
    task = user.create_task("One")
    path = f"tasks/{task['id']}/"
    seen = tm.tasks.get_with_tag(task["id"])
    assert seen == {"task": task, "etag": user.get(path).headers["ETag"]}
    theirs = succeed(user.patch(path, {"title": "Theirs"}))
    change = getattr(tm.tasks, call)
    with pytest.raises(module.TaskmasterError) as refusal:
        change(task["id"], if_match=seen["etag"], **changes)
    assert (refusal.value.code, refusal.value.status) == ("precondition_failed", 412)
    assert succeed(user.get(path)) == theirs
    assert succeed(user.get("tasks/events/"))["seq"] == 2
    change(task["id"], if_match=tm.tasks.get_with_tag(task["id"])["etag"], **changes)
    assert succeed(user.get("tasks/events/"))["seq"] == 3


def test_a_write_on_a_condition_does_not_meet_itself(
    tm: Any, user: User, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reply is lost: sent again, it would be refused for what it has written itself."""
    task, urlopen = user.create_task("One"), module.urlopen

    def lose(request: Any, **options: Any) -> Any:
        urlopen(request, **options).close()
        raise ConnectionResetError("lost on the way")

    seen = tm.tasks.get_with_tag(task["id"])
    monkeypatch.setattr(module, "urlopen", lose)
    with pytest.raises(module.TaskmasterError) as refusal:
        tm.tasks.update(task["id"], if_match=seen["etag"], title="Two")
    assert (refusal.value.code, refusal.value.repeated) == ("offline", False)
    assert succeed(user.get(f"tasks/{task['id']}/"))["title"] == "Two"


def test_a_tag_that_was_lost_on_the_way_matches_nothing(
    tm: Any, user: User, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some proxies drop the tag: without any, the write would overwrite whatever is there."""
    task, urlopen = user.create_task("One"), module.urlopen

    def drop(request: Any, **options: Any) -> Any:
        response = urlopen(request, **options)
        del response.headers["ETag"]
        return response

    monkeypatch.setattr(module, "urlopen", drop)
    seen = tm.tasks.get_with_tag(task["id"])
    with pytest.raises(module.TaskmasterError) as refusal:
        tm.tasks.update(task["id"], if_match=seen["etag"], title="Two")
    assert refusal.value.code == "precondition_failed"
