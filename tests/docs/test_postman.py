"""The Postman collection is the one that the OpenAPI document gives, and it works in its order."""

import json
import re
from typing import Any

import pytest

from postman.generate import COLLECTION, collection, write
from tests.support.api import Api, succeed


@pytest.fixture
def present() -> dict[str, Any]:
    """The collection in the repository."""
    found: dict[str, Any] = json.loads(COLLECTION.read_text())
    return found


def test_it_is_up_to_date(api: Api) -> None:
    made = write(collection(succeed(api.get("/openapi.json"))))
    assert COLLECTION.read_text() == made, "run: python -m postman.generate"


def test_its_requests_work_in_their_order(api: Api, present: dict[str, Any]) -> None:
    """As newman would: send each, hold its status, keep what its script keeps."""
    variables = {"server": "", "username": "user_of_postman"}

    def fill(text: str) -> str:
        return re.sub(r"{{(\w+)}}", lambda match: variables[match[1]], text)

    for item in present["item"]:
        request = item["request"]
        body = json.loads(fill(request["body"]["raw"])) if "body" in request else None
        api.access = None if "auth" in request else variables["access"]
        script = "\n".join(item["event"][0]["script"]["exec"])
        (status,) = re.findall(r"have\.status\((\d+)\)", script)
        reply = api.call(request["method"], fill(request["url"]), body)
        found = succeed(reply, int(status))
        for name, where in re.findall(r'set\("(\w+)", pm\.response\.json\(\)\.([\w.]+)\)', script):
            for key in where.split("."):
                found = found[key] if key in found else reply.json[key]
            variables[name], found = found, reply.json
    assert len(present["item"]) > 15
