"""The OpenAPI document is one that clients can be generated from."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.openapi import Json, Operation, schemas_below
from tests.support.stream_client import ACTIONS

# What generated clients call their methods: whoever renames one breaks them.
NAMES = {
    "register", "logIn", "checkToken", "refreshTokens", "logOut", "setPasswordByLink",
    "getProfile", "changeProfile", "changePassword", "deleteAccount",
    "listSessions", "endOtherSessions", "endSession",
    "listTasks", "createTask", "changeManyTasks", "getTask", "updateTaskByPut", "updateTask",
    "deleteTask", "restoreTask", "getTaskHistory", "replayEvents", "streamEvents",
}  # fmt: skip


def mappings(node: Any) -> Iterator[Json]:
    """Yield every object of a JSON document, outermost first."""
    if isinstance(node, dict):
        yield node
    if isinstance(node, dict | list):
        for below in node.values() if isinstance(node, dict) else node:
            yield from mappings(below)


def test_names_of_operations_stay(operations: list[Operation]) -> None:
    names = [operation.doc["operationId"] for operation in operations]
    assert set(names) == NAMES
    assert len(names) == len(NAMES)


def test_everything_is_described(document: Json, operations: list[Operation]) -> None:
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    for operation in operations:
        assert operation.doc.get("description"), operation
        assert set(operation.doc["tags"]) <= tags, operation
    summaries = [operation.doc["summary"] for operation in operations]
    assert len(set(summaries)) == len(summaries)
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description"), name
    parameters = [node for node in mappings(document["paths"]) if {"in", "name"} <= node.keys()]
    assert len(parameters) > 15
    for parameter in parameters:
        assert parameter.get("description"), parameter


def test_replies_have_all_their_fields(document: Json, operations: list[Operation]) -> None:
    for operation in operations:
        for status in operation.doc["responses"]:
            if status == "304":
                continue
            for schema in schemas_below(operation.reply(status)["schema"], document):
                fields = schema.get("properties", {}).keys()
                if schema == document["components"]["schemas"]["OperationResult"]:
                    fields = {"id"}  # all that is left of a deleted task
                assert fields - {"errors"} == set(schema.get("required", ())), operation
                assert not schema.get("properties") or "additionalProperties" not in schema


def test_links_of_examples_lead_on_in_the_same_list(operations: list[Operation]) -> None:
    found = set[str]()
    for operation in operations:
        example = operation.reply(min(operation.doc["responses"]))["example"]
        for name in {"next", "previous"} & {*example}:
            address, path = (
                urlsplit(example[name]),
                re.sub(r"{\w+}", "[0-9a-f-]{36}", operation.path),
            )
            assert re.fullmatch(path, address.path), operation
            known = {parameter["name"] for parameter in operation.doc["parameters"]}
            assert parse_qs(address.query).keys() <= known, operation
            found.add(f"{operation.doc['operationId']} {name}")
    assert found == {
        "listTasks next", "listTasks previous", "getTaskHistory next", "replayEvents next"
    }  # fmt: skip


def test_examples_of_duplicates_name_the_field(operations: list[Operation]) -> None:
    duplicates = [one for one in operations if "409" in one.doc["responses"]]
    names = {"register", "changeProfile", "restoreTask"}
    assert {one.doc["operationId"] for one in duplicates} == names
    for one in duplicates:
        example = one.reply(409)["example"]
        assert example["code"] == "already_exists"
        assert example.get("errors") == ({"username": ["Already taken."]} if one.request else None)


def test_requests_have_no_defaults_and_nothing_read_only(
    document: Json, operations: list[Operation]
) -> None:
    checked = 0
    for operation in operations:
        if operation.request is None:
            continue
        for schema in schemas_below(operation.request["schema"], document):
            assert not {"default", "readOnly"} & schema.keys(), operation
            checked += 1
    assert checked > 30


def test_updates_require_nothing(document: Json) -> None:
    for name in ("TaskUpdate", "ProfileUpdate"):
        assert "required" not in document["components"]["schemas"][name]


def test_what_is_ignored_in_requests_is_told(document: Json) -> None:
    schemas = document["components"]["schemas"]
    assert "`date_created`, `id`, `last_updated`." in schemas["TaskUpdate"]["description"]
    assert "`is_superuser`" in schemas["Registration"]["description"]
    for request, reply in (("TaskCreate", "Task"), ("ProfileUpdate", "User")):
        assert schemas[request]["properties"].keys() < schemas[reply]["properties"].keys()


def test_every_enum_is_a_component(document: Json) -> None:
    schemas = document["components"]["schemas"]
    named = [schema for schema in schemas.values() if "enum" in schema]
    assert {"Status", "Priority", "ErrorCode", "Ordering"} <= schemas.keys()
    found = [node for node in mappings(document) if "enum" in node]
    assert found == named


def test_every_component_is_used(document: Json) -> None:
    text = json.dumps(document)
    for kind in ("schemas", "headers"):
        for name in document["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text


def test_operations_of_a_bulk_are_told_apart_by_their_action(document: Json) -> None:
    schemas = document["components"]["schemas"]
    union = schemas["Operation"]
    assert union["discriminator"]["propertyName"] == "action"
    mapping = union["discriminator"]["mapping"]
    assert tuple(mapping) == ("create", "update", "delete")
    assert [variant["$ref"] for variant in union["oneOf"]] == list(mapping.values())
    for value, reference in mapping.items():
        variant = schemas[reference.rpartition("/")[2]]
        assert variant["properties"]["action"] == {"type": "string", "const": value}
        assert "action" in variant["required"]


def test_events_are_told_apart_by_their_fields_and_by_their_action(document: Json) -> None:
    """A generator takes the first kind that fits, or the only one; none takes `action` away."""
    schemas = document["components"]["schemas"]
    kinds = ("TaskChangeEvent", "TaskDeleteEvent")
    references = [{"$ref": f"#/components/schemas/{kind}"} for kind in kinds]
    assert schemas["Event"].keys() == {"oneOf", "description"}
    assert schemas["Event"]["oneOf"] == references
    changed, deleted = (schemas[kind]["properties"]["action"] for kind in kinds)
    assert changed == {"$ref": "#/components/schemas/ChangeAction"}
    assert deleted == {"type": "string", "const": "task_delete"}
    assert (*schemas["ChangeAction"]["enum"], deleted["const"]) == ACTIONS
    change, deletion = (set(schemas[kind]["required"]) for kind in kinds)
    assert change > deletion >= {"action"}


def test_unions_of_requests_alone_have_a_discriminator(
    document: Json, operations: list[Operation]
) -> None:
    """Generated Rust takes the field of a discriminator away, and then misses it in a reply."""
    found = []
    for operation in operations:
        for media in operation.bodies:
            for schema in schemas_below(media["schema"], document):
                assert "anyOf" not in schema
                if "oneOf" in schema:
                    assert ("discriminator" in schema) == (media == operation.request), operation
                    found.append(operation.doc["operationId"])
    assert sorted(found) == ["changeManyTasks", "getTaskHistory", "replayEvents"]


def test_events_have_the_fields_of_tasks(document: Json) -> None:
    schemas = document["components"]["schemas"]
    head, task = {"seq", "action", "occurred_at", "id"}, schemas["Task"]["properties"]
    change = schemas["TaskChangeEvent"]["properties"]
    assert change.keys() == head | task.keys()
    same = {field for field in task if change[field] == task[field]}
    assert same >= task.keys() - {"id"}  # which has a description of its own
    assert schemas["TaskDeleteEvent"]["properties"].keys() == head


def test_the_stream_resumes_by_either_parameter(operations: list[Operation]) -> None:
    (stream,) = (o for o in operations if o.doc["operationId"] == "streamEvents")
    names = {(p["in"], p["name"]) for p in stream.doc["parameters"]}
    assert names == {("query", "since"), ("header", "Last-Event-ID")}


def test_urls_are_uris(document: Json) -> None:
    schemas = document["components"]["schemas"]
    for field in (
        schemas["TaskPage"]["properties"]["next"],
        schemas["Replay"]["properties"]["next"],
    ):
        assert field["format"] == "uri"
    assert '"format": "url"' not in json.dumps(document)


def test_patterns_are_those_of_ecmascript(document: Json) -> None:
    """JSON Schema's patterns know no Python-only escapes, and are not anchored by themselves."""
    patterns = [node["pattern"] for node in mappings(document) if "pattern" in node]
    assert patterns
    for pattern in patterns:
        assert re.fullmatch(r"\^.*\$", pattern), pattern
