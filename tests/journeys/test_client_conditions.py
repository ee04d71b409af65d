"""Writes of the JavaScript client on a condition: nobody overwrites what they have not seen."""

import pytest

from tests.support.api import User, succeed
from tests.support.client_journey import connect
from tests.support.databases import ON_SQLITE
from tests.support.javascript import JavaScript, JavaScriptError
from tests.support.server import Server

pytestmark = ON_SQLITE


@pytest.mark.parametrize("condition", [{"if-match": '"1"'}, {"If-None-Match": '"2"'}])
def test_a_write_on_a_condition_does_not_meet_itself(
    server: Server, user: User, js: JavaScript, condition: dict[str, str]
) -> None:
    """Its reply is lost: sent again, it would be refused for what it has written itself."""
    path = f"tasks/{user.create_task('One')['id']}/"
    connect(js, server.url, user)
    change = """
    my.lose(1, "PATCH");
    const request = { body: { title: "Two" }, headers: given.headers };
    return my.client.request("PATCH", given.path, request)
      .catch(({ code, repeated }) => [code, repeated]);
    """
    assert js.run(change, path=path, headers=condition) == ["offline", False]
    assert succeed(user.get(path))["title"] == "Two"


@pytest.mark.parametrize(
    "change", ["update(given.id, { title: 'Mine' }, tag)", "remove(given.id, tag)"]
)
def test_what_has_changed_since_is_left_alone(
    server: Server, user: User, js: JavaScript, change: str
) -> None:
    task = user.create_task("One")
    path = f"tasks/{task['id']}/"
    connect(js, server.url, user)
    seen = js.run("return (my.seen = await my.client.tasks.getWithTag(given.id))", id=task["id"])
    assert seen == {"task": task, "etag": user.get(path).headers["ETag"]}
    call = "const tag = { ifMatch: my.seen.etag }; await my.client.tasks." + change
    theirs = succeed(user.patch(path, {"title": "Theirs"}))
    with pytest.raises(JavaScriptError) as refusal:
        js.run(call, id=task["id"])
    assert (refusal.value.code, refusal.value.status) == ("precondition_failed", 412)
    assert succeed(user.get(path)) == theirs
    assert succeed(user.get("tasks/events/"))["seq"] == 2
    js.run("my.seen = await my.client.tasks.getWithTag(given.id)", id=task["id"])
    js.run(call, id=task["id"])
    assert succeed(user.get("tasks/events/"))["seq"] == 3
