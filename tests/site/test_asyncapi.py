"""The AsyncAPI document and the page say what the code does."""

import html
import json
import re
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from taskmaster.core.errors import DEFAULTS, ApiError
from taskmaster.site import streams_doc
from taskmaster.streams import handshake
from taskmaster.streams.protocol import CloseReason
from taskmaster.streams.token_bucket import TokenBucket
from tests.support.api import Api, User, succeed
from tests.support.asyncapi import FROM_CLIENTS, answered_on, fields_of, validate
from tests.support.stream_client import ACTIONS

ONE_WAY = {*ACTIONS, "stream_ready", "stream_reset", "token_expiring", "stream_closed"}
CONTROLS = {*ONE_WAY, "authenticated", "error"} - {*ACTIONS}
CHANNELS = {
    "socketio": ONE_WAY | {"authenticated", "error", "authenticate"},
    "websocket": ONE_WAY | {"authenticated", "error", "authenticate"},
    "sse": ONE_WAY,
}
KEYS = {transport.name: transport.key for transport in streams_doc.TRANSPORTS}


@pytest.fixture
def app(shared_app: Flask) -> Flask:
    return shared_app


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    """The document as it is served."""
    served: dict[str, Any] = succeed(api.get("/asyncapi.json"))
    return served


@pytest.fixture
def page(api: Api) -> str:
    """The page for people."""
    return api.get("/docs/streams").body.decode()


def references(node: Any) -> list[str]:
    """Return every `$ref` below a node."""
    if isinstance(node, list):
        return [found for item in node for found in references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if "$ref" in node else []
    return own + [found for value in node.values() for found in references(value)]


def shown(page: str) -> list[tuple[str, str, str]]:
    """Return name, channel and text of every example on the page."""
    found = []
    for section in re.findall(r"<section.*?</section>", page, re.DOTALL):
        (name,) = re.findall(r"<h3[^>]*><code>(\w+)</code>", section)
        for caption, text in re.findall(
            r"<figcaption>(.*?)</figcaption>\s*<pre><code>(.*?)</code></pre>", section, re.DOTALL
        ):
            found += [(name, KEYS[one], html.unescape(text)) for one in caption.split(" and ")]
    return found


def test_its_references_resolve(document: dict[str, Any]) -> None:
    assert document["asyncapi"] == "3.0.0"
    for reference in references(document):
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        assert node


def test_each_channel_has_what_goes_over_it(document: dict[str, Any]) -> None:
    channels = {key: set(channel["messages"]) for key, channel in document["channels"].items()}
    assert channels == CHANNELS | {"acknowledgement": {"authenticated", "error"}}
    for operation in document["operations"].values():
        names = {reference.rpartition("/")[2] for reference in references(operation["messages"])}
        channel = CHANNELS[operation["channel"]["$ref"].rpartition("/")[2]]
        sent = operation["action"] == "send"
        assert names == (channel - FROM_CLIENTS if sent else channel & FROM_CLIENTS)


def test_the_websocket_alone_tells_the_name_in_action(document: dict[str, Any]) -> None:
    for channel, names in CHANNELS.items():
        for name in names:
            has_action = "action" in fields_of(document, channel, name)
            assert has_action == (channel == "websocket" or name in ACTIONS), (channel, name)


def without_titles(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: {**field, "title": None} for name, field in fields.items()}


def test_answers_tell_their_name_in_action(document: dict[str, Any]) -> None:
    assert answered_on(document, "socketio") == "acknowledgement"
    assert answered_on(document, "websocket") == "websocket"
    for name in ("authenticated", "error"):
        (example,) = document["channels"]["acknowledgement"]["messages"][name]["examples"]
        validate(document, "acknowledgement", name, **example)
        fields = without_titles(fields_of(document, "acknowledgement", name))
        assert fields.pop("action") == {"type": "string", "const": name, "title": None}
        assert fields == without_titles(fields_of(document, "socketio", name))


def test_each_schema_has_a_name_for_generated_code(document: dict[str, Any]) -> None:
    """Generators number those that have none, anew with every change of the document."""
    titles: list[str] = []
    for key, channel in document["channels"].items():
        for name, message in channel["messages"].items():
            for schema in (message["payload"], message.get("headers", {"$ref": ""})):
                if "$ref" not in schema:
                    enums = [one for one in schema["properties"].values() if "enum" in one]
                    own = [one["title"] for one in (schema, *enums)]
                    assert all(title.startswith(f"{key}_{name}") for title in own)
                    titles += own
    assert len(titles) == len(set(titles)) > 30


def test_positions_and_times_have_64_bits(document: dict[str, Any]) -> None:
    for channel, names in CHANNELS.items():
        for name in names:
            for field, schema in fields_of(document, channel, name).items():
                if field in {"seq", "since", "expires_at"}:
                    assert (schema["type"], schema.get("format")) == ("integer", "int64"), name


def test_its_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    for channel, names in CHANNELS.items():
        for name in names:
            (example,) = document["channels"][channel]["messages"][name]["examples"]
            validate(document, channel, name, **example)


def test_the_pages_examples_fit_too(document: dict[str, Any], page: str) -> None:
    examples = shown(page)
    assert {(name, channel) for name, channel, _ in examples} == {
        (name, channel) for channel, names in CHANNELS.items() for name in names
    }
    for name, channel, text in examples:
        assert len(text.splitlines()) > 1
        if channel == "sse":
            headers = dict(line.split(": ", 1) for line in text.splitlines())
            payload = json.loads(headers.pop("data"))
            validate(document, channel, name, payload=payload, headers=headers)
        else:
            validate(document, channel, name, payload=json.loads(text))


def test_nothing_is_written_as_only_a_program_would(document: dict[str, Any], page: str) -> None:
    for text in (json.dumps(document), page):
        assert "u003c" not in text
        assert not re.search(r"\b(?:True|False|None)\b", text)


def test_real_events_fit_the_schemas(document: dict[str, Any], user: User) -> None:
    task = user.create_task("Real", due_date="2030-01-31T12:00:00+00:00")
    user.patch(f"tasks/{task['id']}/", {"title": "Changed"})
    user.delete(f"tasks/{task['id']}/")
    events = succeed(user.get("tasks/events/"))["results"]
    assert [event["action"] for event in events] == list(ACTIONS)
    for event in events:
        validate(document, "websocket", event["action"], payload=event)
        exact = {"type": "string", "const": event["action"]}
        assert fields_of(document, "websocket", event["action"])["action"] == exact


def test_every_closing_is_explained(document: dict[str, Any], page: str) -> None:
    assert streams_doc.REASONS.keys() == set(CloseReason)
    for name in (*ACTIONS, *CONTROLS, *(closing.value for closing in CloseReason)):
        assert f"<code>{name}</code>" in page
    said = {
        code
        for channel in CHANNELS
        for code in fields_of(document, channel, "stream_closed")["code"]["enum"]
    }
    assert said == {closing.value for closing in CloseReason} - {"too_slow"}  # which is cut


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ApiError(*DEFAULTS[429]), "rate_limited"),
        (OperationalError("", {}, Exception()), "unavailable"),
        (RuntimeError(), "internal_error"),
    ],
)
def test_every_code_of_a_refused_renewal_is_documented(
    app: Flask,
    document: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
) -> None:
    subscription: Any = SimpleNamespace(renewals=TokenBucket())
    monkeypatch.setattr(handshake, "identify", Mock(side_effect=error))
    with app.test_request_context():
        answer = json.loads(handshake.renew(subscription, "token").payload)
    assert answer["code"] == code
    for channel in ("socketio", "websocket", "acknowledgement"):
        assert code in fields_of(document, channel, "error")["code"]["enum"]


def test_the_addresses_are_the_applications(app: Flask, document: dict[str, Any]) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    addresses = {name: channel["address"] for name, channel in document["channels"].items()}
    assert {addresses["websocket"], addresses["sse"]} <= rules
    assert addresses["socketio"] == "/ws/tasks"
