"""The OpenAPI document: valid, complete, and cheap to serve."""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from taskmaster.core.document import METHODS
from tests.support.api import Api, User, succeed

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    """The document as it is served."""
    served: dict[str, Any] = succeed(api.get("/openapi.json"))
    return served


@pytest.fixture
def operations(document: dict[str, Any]) -> list[Operation]:
    """Every operation with its method and path."""

    def walk() -> Iterator[Operation]:
        for path, item in document["paths"].items():
            yield from ((m, path, item[m]) for m in METHODS if m in item)

    return list(walk())


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_every_call_of_the_contract_is_in_it(operations: list[Operation]) -> None:
    calls = {f"{method.upper()} {path.removeprefix('/api/v1/')}" for method, path, _ in operations}
    assert calls >= {
        "POST auth/register/", "POST auth/login/", "POST auth/logout/", "GET auth/profile/",
        "PATCH auth/profile/", "POST auth/profile/password/", "POST auth/profile/delete/",
        "POST auth/token/verify/", "POST auth/token/refresh/", "GET auth/sessions/",
        "DELETE auth/sessions/", "DELETE auth/sessions/{session_id}/", "GET tasks/", "POST tasks/",
        "GET tasks/{task_id}/", "PUT tasks/{task_id}/", "PATCH tasks/{task_id}/",
        "DELETE tasks/{task_id}/", "POST tasks/bulk/", "GET tasks/{task_id}/history/",
        "GET tasks/events/", "GET tasks/stream/",
    }  # fmt: skip


def test_every_operation_is_described(operations: list[Operation]) -> None:
    for method, path, operation in operations:
        for part in ("summary", "description", "operationId", "tags"):
            assert operation.get(part), f"{method} {path} has no {part}"
    names = [operation["operationId"] for _, _, operation in operations]
    assert len(set(names)) == len(names)


def test_every_operation_documents_its_refusals(operations: list[Operation]) -> None:
    for method, path, operation in operations:
        public = path.startswith(("/api/v1/auth/register", "/api/v1/auth/login", "/api/v1/auth/t"))
        assert operation["security"] == ([] if public else [{"bearer": []}]), path
        expected = {"400", "429", "500", "503"} | (set() if public else {"401"})
        expected |= {"413", "415", "422"} if "requestBody" in operation else set()
        assert expected <= operation["responses"].keys(), f"{method} {path}"
        for status, response in operation["responses"].items():
            assert "X-Request-ID" in response["headers"]
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"]


def hidden(error: Any) -> bool:
    """Tell whether what is missing is only never sent back (OpenAPI 3.1: `writeOnly`)."""
    if error.validator != "required":
        return False
    missing = set(error.validator_value) - set(error.instance)
    return all(error.schema["properties"][name].get("writeOnly") for name in missing)


def test_every_body_has_an_example_that_fits_it(
    document: dict[str, Any], operations: list[Operation]
) -> None:
    checked = 0
    for method, path, operation in operations:
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for media in body.get("content", {}).values():
                schema = {**media["schema"], "components": document["components"]}
                errors = OAS31Validator(schema).iter_errors(media["example"])
                found = [error.message for error in errors if not hidden(error)]
                assert found == [], f"{method} {path}"
                checked += 1
    assert checked > 5 * len(operations)


def test_examples_of_requests_work(document: dict[str, Any], api: Api) -> None:
    register = document["paths"]["/api/v1/auth/register/"]["post"]
    body = register["requestBody"]["content"]["application/json"]["example"]
    user = User(api.transport, succeed(api.post("auth/register/", body), 201))
    create = document["paths"]["/api/v1/tasks/"]["post"]
    body = create["requestBody"]["content"]["application/json"]["example"]
    task = succeed(user.post("tasks/", body), 201)
    assert {name: task[name] for name in ("title", "priority")} == {
        name: body[name] for name in ("title", "priority")
    }


def test_headers_that_come_are_documented(document: dict[str, Any]) -> None:
    tasks, task = (document["paths"][p] for p in ("/api/v1/tasks/", "/api/v1/tasks/{task_id}/"))
    assert "Stream-Position" in tasks["get"]["responses"]["200"]["headers"]
    assert {"Location", "ETag"} <= tasks["post"]["responses"]["201"]["headers"].keys()
    for method in ("get", "put", "patch"):
        assert "ETag" in task[method]["responses"]["200"]["headers"]
    assert "304" in task["get"]["responses"]


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


def test_tags_and_servers_are_named(document: dict[str, Any]) -> None:
    assert all(tag["description"] for tag in document["tags"])
    assert document["servers"] == [
        {"url": "/", "description": "The server that gave you this document."}
    ]


def test_it_is_made_once_and_revalidated(api: Api) -> None:
    first = api.get("/openapi.json")
    again = api.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert first.headers["Cache-Control"] == "no-cache"
