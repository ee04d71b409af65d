"""The Postman files are what the OpenAPI document gives; newman runs them in tests/journeys."""

import json
from typing import Any

from postman.generate import COLLECTION, ENVIRONMENT, collection, environment, write
from postman.steps import FOLDERS
from tests.support.openapi import Json, Operation

ENDLESS = "streamEvents"  # a page tells how to open it


def test_they_are_up_to_date(document: Json) -> None:
    made = write(collection(document))
    assert COLLECTION.read_text() == made, "run: python -m postman.generate"
    assert json.loads(ENVIRONMENT.read_text()) == environment()


def test_every_operation_is_tried(operations: list[Operation]) -> None:
    documented = {operation.doc["operationId"] for operation in operations}
    tried = {step.operation for steps in FOLDERS.values() for step in steps}
    assert tried == documented - {ENDLESS}


def test_what_else_can_be_sent_is_there_and_switched_off() -> None:
    present: Any = json.loads(COLLECTION.read_text())
    requests = {
        item["name"]: item["request"] for folder in present["item"] for item in folder["item"]
    }
    query = {one["key"]: one for one in requests["List tasks"]["url"]["query"]}
    assert query.keys() > {"page", "status_task", "search", "ordering", "cursor"}
    headers = {one["key"]: one for one in requests["Update a task"]["header"]}
    for parameter in (*query.values(), headers["If-Match"], headers["If-None-Match"]):
        assert parameter["disabled"]
        assert parameter["description"]
