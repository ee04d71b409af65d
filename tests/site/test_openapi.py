"""The OpenAPI document: valid, complete, true, and cheap to serve."""

import json
from collections import defaultdict
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from taskmaster.core.errors import RATE_LIMIT_HEADERS
from tests.support.api import Api, User, succeed
from tests.support.databases import ON_SQLITE
from tests.support.openapi import Json, Operation, closed
from tests.support.values import values_for

STREAM = "/api/v1/tasks/stream/"  # whoever asks is not answered to the end
POSITIONS = {"since", "seq", "Last-Event-ID", "Stream-Position"}


def faults(value: Any, schema: Json, document: Json) -> list[str]:
    """Return what is wrong with a value."""
    validator = OAS31Validator({**schema, "components": document["components"]})
    return [error.message for error in validator.iter_errors(value)]


def test_it_is_valid(document: Json) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_every_call_of_the_contract_is_in_it(operations: list[Operation]) -> None:
    assert {str(operation).replace("/api/v1/", "") for operation in operations} >= {
        "POST auth/register/", "POST auth/login/", "POST auth/logout/", "GET auth/profile/",
        "PATCH auth/profile/", "POST auth/profile/password/", "POST auth/profile/delete/",
        "POST auth/token/verify/", "POST auth/token/refresh/", "GET auth/sessions/",
        "DELETE auth/sessions/", "DELETE auth/sessions/{session_id}/", "GET tasks/", "POST tasks/",
        "GET tasks/{task_id}/", "PUT tasks/{task_id}/", "PATCH tasks/{task_id}/",
        "DELETE tasks/{task_id}/", "POST tasks/bulk/", "GET tasks/{task_id}/history/",
        "GET tasks/events/", "GET tasks/stream/", "POST tasks/{task_id}/restore/",
        "POST auth/password/",
    }  # fmt: skip


def test_every_operation_documents_its_refusals(operations: list[Operation]) -> None:
    for operation in operations:
        public = operation.path.startswith(
            tuple(f"/api/v1/auth/{name}/" for name in ("register", "login", "token", "password"))
        )
        assert operation.doc["security"] == ([] if public else [{"bearer": []}]), operation
        expected = {"400", "413", "429", "500", "503"} | (set() if public else {"401"})
        expected |= {"415", "422"} if operation.request else set()
        assert expected <= operation.doc["responses"].keys(), operation
        for status, response in operation.doc["responses"].items():
            assert "X-Request-ID" in response["headers"]
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"]
            if status == "429":
                assert {"Retry-After", *RATE_LIMIT_HEADERS} <= response["headers"].keys()


@ON_SQLITE
@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"headers": {"Host": "evil.example"}}, "untrusted_host"),
        ({"data": b"x" * (1024 * 1024 + 1)}, "too_large"),
    ],
    ids=["another host", "a large body"],
)
def test_what_every_operation_refuses_is_documented(
    operations: list[Operation], api: Api, sent: dict[str, Any], code: str
) -> None:
    for operation in operations:
        path = operation.path.format_map(defaultdict(uuid4))
        reply = api.call(operation.method.upper(), path, **sent)
        assert reply.json["code"] == code
        said = operation.doc["responses"][str(reply.status)]["description"]
        assert f"`{code}`" in said, operation


def test_every_body_has_an_example_that_fits_it(
    document: Json, operations: list[Operation]
) -> None:
    checked = 0
    for operation in operations:
        for media in operation.bodies:
            assert faults(media["example"], media["schema"], document) == [], operation
            checked += 1
    assert checked > 5 * len(operations)


def test_every_example_of_a_parameter_or_field_fits_it(
    document: Json, operations: list[Operation]
) -> None:
    schemas = [p["schema"] for o in operations for p in o.doc.get("parameters", [])]
    for component in document["components"]["schemas"].values():
        schemas += component.get("properties", {}).values()
    checked = 0
    for schema in schemas:
        for name in {"example", "default"} & schema.keys():
            assert faults(schema[name], schema, document) == [], schema
            checked += 1
    assert checked > 20


def test_every_request_example_is_accepted_and_replied_to_as_documented(
    document: Json, operations: list[Operation], api: Api, app: Flask
) -> None:
    """The replies have no field that the document does not name."""
    strict = document | {"components": closed(document["components"])}
    password = document["components"]["schemas"]["Registration"]["properties"]["password"]
    for operation in operations:
        if operation.path == STREAM:
            continue
        user = api.register(password=password["example"])
        values = values_for(operation, user, app)
        path = operation.path.format(**values)
        body = operation.request and operation.request["example"]
        for name in {"token", "refresh"} & (body or {}).keys():
            body[name] = values[name]
        status = min(operation.doc["responses"])
        reply = succeed(user.call(operation.method.upper(), path, body), int(status))
        assert faults(reply, operation.reply(status)["schema"], strict) == [], operation


def test_every_kind_of_event_and_result_is_as_documented(document: Json, api: Api) -> None:
    user, strict = api.register(), document | {"components": closed(document["components"])}
    task = {"title": "Real"}
    first = user.create_task()["id"]
    body = {
        "operations": [
            {"action": "create", "task": task},
            {"action": "update", "id": first, "task": task},
            {"action": "delete", "id": first},
        ]
    }
    assert faults(body, {"$ref": "#/components/schemas/Bulk"}, document) == []
    replies = {
        "BulkResult": succeed(user.post("tasks/bulk/", body)),
        "History": succeed(user.get(f"tasks/{first}/history/")),
        "Replay": succeed(user.get("tasks/events/", params={"limit": 3})),
        "TaskPage": succeed(user.get("tasks/", params={"page_size": 1})),
    }
    for name, reply in replies.items():
        assert reply["results"]
        assert faults(reply, {"$ref": f"#/components/schemas/{name}"}, strict) == [], name


def test_a_result_of_a_bulk_is_one_kind_of_object(document: Json) -> None:
    """Of a union that nothing tells apart, generators take the first that fits, or all."""
    schemas = document["components"]["schemas"]
    result, task = schemas["OperationResult"], schemas["Task"]
    assert (result["type"], result["required"]) == ("object", ["id"])
    assert result["properties"] == task["properties"]


def test_keys_that_are_refused_do_not_fit(
    document: Json, operations: list[Operation], user: User
) -> None:
    parameters = [one for o in operations for one in o.doc.get("parameters", [])]
    (schema, *_) = [one["schema"] for one in parameters if one["name"] == "Idempotency-Key"]
    for key, status in (("", 422), ("k", 201), ("k" * 255, 201), ("k" * 256, 422)):
        reply = user.post("tasks/", {"title": "One"}, headers={"Idempotency-Key": key})
        assert reply.status == status, key
        assert bool(faults(key, schema, document)) == (status == 422), key


def test_headers_that_come_are_documented(document: Json) -> None:
    tasks, task = (document["paths"][p] for p in ("/api/v1/tasks/", "/api/v1/tasks/{task_id}/"))
    assert "Stream-Position" in tasks["get"]["responses"]["200"]["headers"]
    assert {"Location", "ETag"} <= tasks["post"]["responses"]["201"]["headers"].keys()
    for method in ("get", "put", "patch"):
        assert "ETag" in task[method]["responses"]["200"]["headers"]
    assert "304" in task["get"]["responses"]


def test_headers_of_refusals_are_documented(operations: list[Operation], user: User) -> None:
    nobody, task = Api(user.transport), user.create_task()
    for operation in operations:
        path = operation.path.format_map(defaultdict(uuid4, task_id=task["id"]))
        replies = [nobody.call(operation.method.upper(), path)]
        if "412" in operation.doc["responses"]:
            late = {"If-Match": '"9"'}
            replies.append(user.call(operation.method.upper(), path, {}, headers=late))
            assert replies[-1].headers["ETag"] == '"1"'
        for reply in replies:
            documented = operation.doc["responses"][str(reply.status)]["headers"]
            sent = {"WWW-Authenticate", "ETag", "Retry-After"} & {*reply.headers.keys()}
            assert sent <= documented.keys(), operation
            assert sent or reply.status not in (401, 412)


def test_positions_in_the_log_have_64_bits(document: Json, operations: list[Operation]) -> None:
    parameters = [one for operation in operations for one in operation.doc.get("parameters", [])]
    described = [(one["name"], one["schema"]) for one in parameters]
    described += [(name, one["schema"]) for name, one in document["components"]["headers"].items()]
    for component in document["components"]["schemas"].values():
        described += component.get("properties", {}).items()
    long = [
        (name, one) for name, one in described if name in POSITIONS or one.get("maximum", 0) > 2**31
    ]
    assert {name for name, _ in long} == POSITIONS
    assert {(one["type"], one.get("format")) for _, one in long} == {("integer", "int64")}


@pytest.mark.parametrize(
    ("path", "field"), [("register", "password"), ("profile/password", "new_password_1")]
)
def test_refusal_of_common_passwords_is_described(
    document: dict[str, Any], path: str, field: str
) -> None:
    content = document["paths"][f"/api/v1/auth/{path}/"]["post"]["requestBody"]["content"]
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    described = document["components"]["schemas"][name]["properties"][field]["description"]
    for part in ("`123456`", "5,000", "zxcvbn", "username"):
        assert part in described, described


@ON_SQLITE
def test_the_command_prints_what_is_served(app: Flask, document: Json) -> None:
    printed = app.test_cli_runner().invoke(args=["openapi", "print"])
    assert json.loads(printed.stdout) == document


@ON_SQLITE
def test_it_is_made_once_and_revalidated(api: Api) -> None:
    first = api.get("/openapi.json")
    again = api.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert first.headers["Cache-Control"] == "no-cache"
