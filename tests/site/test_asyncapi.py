"""The AsyncAPI document and the page say what the code does."""

from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from taskmaster.events.schemas import ACTIONS
from taskmaster.site import streams_doc
from taskmaster.streams.messages import Closing
from taskmaster.tasks.schemas import TaskSchema
from tests.support.api import Api, User, succeed

CONTROLS = {
    "stream_ready", "stream_reset", "token_expiring", "authenticated", "error", "stream_closed",
}  # fmt: skip


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    """The document as it is served."""
    served: dict[str, Any] = succeed(api.get("/asyncapi.json"))
    return served


def references(node: Any) -> list[str]:
    """Return every `$ref` below a node."""
    if isinstance(node, list):
        return [found for item in node for found in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if "$ref" in node else []
    return own + [found for value in node.values() for found in references(value)]


def test_its_references_resolve(document: dict[str, Any]) -> None:
    assert document["asyncapi"] == "3.0.0"
    for reference in references(document):
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


def test_it_has_every_message(document: dict[str, Any]) -> None:
    named = document["components"]["messages"].keys()
    assert named == {*ACTIONS, *CONTROLS, "authenticate"}
    for channel in document["channels"].values():
        assert channel["messages"].keys() >= {*ACTIONS, *CONTROLS}
    assert "authenticate" not in document["channels"]["sse"]["messages"]


def test_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    for message in document["components"]["messages"].values():
        for example in message["examples"]:
            Draft202012Validator(message["payload"]).validate(example["payload"])


def test_real_events_fit_the_schemas(document: dict[str, Any], user: User) -> None:
    task = user.create_task("Real", due_date="2030-01-31T12:00:00+00:00")
    user.patch(f"tasks/{task['id']}/", {"title": "Changed"})
    user.delete(f"tasks/{task['id']}/")
    events = succeed(user.get("tasks/events/"))["results"]
    assert [event["action"] for event in events] == list(ACTIONS)
    for event in events:
        payload = document["components"]["messages"][event["action"]]["payload"]
        Draft202012Validator(payload).validate(event)
        assert event.keys() == payload["properties"].keys()


def test_every_closing_is_explained(api: Api) -> None:
    assert streams_doc.REASONS.keys() == set(Closing)
    page = api.get("/docs/streams").body.decode()
    for name in (*ACTIONS, *CONTROLS, *(closing.value for closing in Closing)):
        assert f"<code>{name}</code>" in page


def test_the_addresses_are_the_applications(app: Flask, document: dict[str, Any]) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    addresses = {name: channel["address"] for name, channel in document["channels"].items()}
    assert {addresses["websocket"], addresses["sse"]} <= rules
    assert addresses["socketio"] == "/ws/tasks"


def test_the_task_is_the_one_of_rest() -> None:
    assert streams_doc._TASK.keys() == TaskSchema().fields.keys()
