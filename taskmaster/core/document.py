"""The OpenAPI document's last touch: what follows from the rest is not written in every view."""

import re
from typing import Any

from .errors import ErrorCode, problem

Json = dict[str, Any]

METHODS = ("get", "post", "patch", "put", "delete")
SERVERS = [{"url": "/", "description": "The server that gave you this document."}]
PROBLEM = "application/problem+json"
REQUEST_ID = "5f3a9c0be1d24f76"
ARTICLES = {"a", "an", "the", "all"}

HEADERS = {
    "X-Request-ID": "Names this request in the server's log; send your own to choose it.",
    "Location": "Where the new resource is.",
    "ETag": "The version of the task, for `If-Match` and `If-None-Match`.",
    "Stream-Position": "Where to start a stream that misses nothing after this reply.",
    "Retry-After": "Seconds to wait before trying again.",
}
_BY_FORMAT = {
    "uuid": "0197f3c2-8f1e-7cc0-b3a4-5d1f0e6a9b21",
    "date-time": "2030-01-31T12:00:00.000000+00:00",
    "url": "http://localhost:8000/api/v1/tasks/?page=2",
}
_BY_TYPE = {"string": "...", "integer": 1, "number": 1, "boolean": False}


def headers(*names: str) -> dict[str, str]:
    """Return the `headers` of `@blp.response` for these, described in `HEADERS`."""
    return {name: name for name in names}


def error_response(codes: list[ErrorCode]) -> Json:
    """Return the OpenAPI response object of refusals that share a status."""
    example = problem(codes[0], "What a person may be told.") | {"request_id": REQUEST_ID}
    if codes[0] is ErrorCode.VALIDATION_FAILED:
        example["errors"] = {"title": ["Shorter than minimum length 1."]}
    described = {
        "description": "Refused as " + " or ".join(f"`{code}`" for code in codes) + ".",
        "content": {
            PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }
    if codes[0].status in (429, 503):
        described["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return described


def finish(spec: Json) -> Json:
    """Return the document with a name, a header and examples in every operation."""
    taken: set[str] = set()
    for path in spec["paths"].values():
        for method in METHODS:
            if operation := path.get(method):
                operation.setdefault("operationId", _name(operation, method, taken))
                operation.setdefault("security", [])
                _finish_responses(operation["responses"])
                _give_examples(operation, spec["components"]["schemas"])
    return spec | {"servers": SERVERS}


def _name(operation: Json, method: str, taken: set[str]) -> str:
    """Return a name that is a method's in generated clients: `createTask`."""
    summary = operation["summary"].lower().replace("'s", "")
    words = [word for word in re.findall("[a-z]+", summary) if word not in ARTICLES]
    name = words[0] + "".join(map(str.title, words[1:]))
    name = f"{name}By{method.title()}" if name in taken else name
    taken.add(name)
    return name


def _finish_responses(responses: Json) -> None:
    responses.pop("default", None)
    responses["500"] = error_response([ErrorCode.INTERNAL_ERROR])
    for response in responses.values():
        given = response.setdefault("headers", {})
        given["X-Request-ID"] = {"$ref": "#/components/headers/X-Request-ID"}


def _give_examples(operation: Json, schemas: Json) -> None:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        media.setdefault("example", example_of(media["schema"], schemas, "readOnly"))
    for response in operation["responses"].values():
        for media in response.get("content", {}).values():
            media.setdefault("example", example_of(media["schema"], schemas, "writeOnly"))


def example_of(schema: Json, schemas: Json, hidden: str) -> Any:
    """Return an example of a schema, put together from those of its fields.

    Fields with the flag `hidden` (readOnly in requests, writeOnly in replies) are left out.
    """
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, hidden)
    for key in ("example", "const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    return _example_by_type(schema, schemas, hidden)


def _example_by_type(schema: Json, schemas: Json, hidden: str) -> Any:
    kinds = schema.get("type", "object")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if choices := schema.get("oneOf") or schema.get("anyOf") or schema.get("allOf"):
        return example_of(choices[0], schemas, hidden)
    if kind == "array":
        return [example_of(schema["items"], schemas, hidden)]
    if kind == "object":
        shown = {n: s for n, s in schema.get("properties", {}).items() if not s.get(hidden)}
        return {name: example_of(field, schemas, hidden) for name, field in shown.items()}
    return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE.get(kind))
