"""The OpenAPI document itself."""

import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.support.api import Api


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.get("/openapi.json").json
    return found


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        operation
        for item in document["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
    ]


def test_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_every_operation_is_named_and_described(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(document)]
    assert len(names) == len(set(names)) > 20
    assert all(operation["summary"] for operation in operations(document))


def test_every_refusal_is_a_problem(document: dict[str, Any]) -> None:
    for operation in operations(document):
        refusals = {s: r for s, r in operation["responses"].items() if s[0] in "45d"}
        assert {"400", "429", "503"} <= refusals.keys()
        for response in refusals.values():
            assert response["content"].keys() == {"application/problem+json"}


def test_patterns_are_those_of_ecmascript(document: dict[str, Any]) -> None:
    """JSON Schema's patterns know no Python-only escapes, and are not anchored by themselves."""
    patterns = re.findall(r'"pattern": *"((?:[^"\\]|\\.)*)"', str(document).replace("'", '"'))
    assert patterns
    for pattern in patterns:
        assert pattern.startswith("^"), pattern
        assert pattern.endswith("$"), pattern
