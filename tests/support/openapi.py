"""Walking through an OpenAPI document."""

from collections.abc import Iterator
from typing import Any, NamedTuple

METHODS = ("get", "post", "put", "patch", "delete")
Json = dict[str, Any]


class Operation(NamedTuple):
    """An operation of the document, and where it is."""

    method: str
    path: str
    doc: Json

    @property
    def bodies(self) -> list[Json]:
        """The media types of the request and of all replies."""
        holders = [self.doc.get("requestBody", {}), *self.doc["responses"].values()]
        return [media for holder in holders for media in holder.get("content", {}).values()]

    @property
    def request(self) -> Json | None:
        """The media type of the request."""
        found: Json = self.doc.get("requestBody", {}).get("content", {})
        return found.get("application/json")

    def reply(self, status: int | str) -> Json:
        """The media type of the reply with a status."""
        (media,) = self.doc["responses"][str(status)]["content"].values()
        found: Json = media
        return found

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


def operations_of(document: Json) -> list[Operation]:
    """Return every operation."""
    return [
        Operation(method, path, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]


def schemas_below(
    schema: Json, document: Json, seen: frozenset[str] = frozenset()
) -> Iterator[Json]:
    """Yield a schema and all that it is made of, references resolved."""
    name = schema.get("$ref", "").rpartition("/")[2]
    if name:
        if name not in seen:
            target = document["components"]["schemas"][name]
            yield from schemas_below(target, document, seen | {name})
        return
    yield schema
    parts = [*schema.get("properties", {}).values()]
    parts += [part for key in ("oneOf", "anyOf", "allOf") for part in schema.get(key, [])]
    parts += [schema[key] for key in ("items", "additionalProperties") if schema.get(key)]
    for part in parts:
        yield from schemas_below(part, document, seen)


def closed(schema: Any) -> Any:
    """Return a schema that allows no property that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: closed(part) for name, part in schema.items()}
    return {"additionalProperties": False} | found if "properties" in schema else found
