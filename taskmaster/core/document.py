"""The OpenAPI document: schemas as this API has them, and an example in every body."""

import inspect
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from marshmallow import fields

from .errors import RATE_LIMIT_HEADERS, ErrorCode, problem
from .samples import code_samples
from .schemas import Schema, UnionSchema

Json = dict[str, Any]

PROBLEM = "application/problem+json"
REQUEST_ID = "5f3a9c0be1d24f76"

_TEXT, _NUMBER = {"type": "string"}, {"type": "integer"}
# Of replies: the schema and the description. Pages of other origins may read them.
DESCRIBED_HEADERS = {
    "X-Request-ID": (
        _TEXT,
        "Names this request in the server's log. Send your own to choose it: 8 to 64 of ASCII "
        "letters, digits, `-` and `_`.",
    ),
    "Location": ({"type": "string", "format": "uri-reference"}, "Where the new resource is."),
    "ETag": (
        _TEXT,
        "The version of the resource, for `If-Match` and `If-None-Match`; send it back as it came.",
    ),
    "WWW-Authenticate": (_TEXT, "The scheme of the `Authorization` that is needed: `Bearer`."),
    "Retry-After": (_NUMBER, "Seconds to wait before trying again."),
    "RateLimit-Limit": (_NUMBER, "How many the exceeded limit allows."),
    "RateLimit-Remaining": (_NUMBER, "How many are left."),
    "RateLimit-Reset": (_NUMBER, "Seconds until there are more."),
}
REFUSAL_HEADERS: dict[int, tuple[str, ...]] = {  # by status
    401: ("WWW-Authenticate",),
    412: ("ETag",),
    429: ("Retry-After", *RATE_LIMIT_HEADERS),
    503: ("Retry-After",),
}
_BY_FORMAT = {
    "uuid": "0197f3c2-8f1e-7cc0-b3a4-5d1f0e6a9b21",
    "date-time": "2030-01-31T12:00:00.000000+00:00",
}
_BY_TYPE = {"string": "...", "integer": 1, "number": 1, "boolean": False}


def headers(*names: str) -> dict[str, str]:
    """Return the `headers` of `@blp.response` for these, described in `DESCRIBED_HEADERS`."""
    return {name: name for name in names}


def error_response(codes: list[ErrorCode], has_body: bool = False) -> Json:
    """Return the OpenAPI response object of refusals that share a status."""
    example = problem(codes[0], "What a person may be told.") | {"request_id": REQUEST_ID}
    if codes[0] is ErrorCode.VALIDATION_FAILED:
        example["errors"] = {"name": ["Shorter than minimum length 1."]}
    if codes[0] is ErrorCode.ALREADY_EXISTS and has_body:  # a field of it is taken
        example["errors"] = {"username": ["Already taken."]}
    described: Json = {
        "description": "Refused as " + " or ".join(f"`{code}`" for code in codes) + ".",
        "content": {
            PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }
    if names := REFUSAL_HEADERS.get(codes[0].status):
        described["headers"] = headers(*names)
    return described


class SchemaPlugin(MarshmallowPlugin):
    """apispec's plugin for marshmallow, made for documents that clients are generated from.

    Schemas are described by their docstrings, enums and unions are components of their own, and
    a body's schema has no `default`: generated clients would send it with every update.
    """

    def init_spec(self, spec: APISpec) -> None:
        super().init_spec(spec)
        converter: Any = self.converter  # made by the line above
        converter.add_attribute_function(constant2const)
        converter.add_attribute_function(enum2component)

    def schema_helper(self, *args: Any, **kwargs: Any) -> Json | None:
        """Return the component of a schema."""
        base: Any = super()
        described: Json | None = base.schema_helper(*args, **kwargs)
        if described is None:
            return None
        instance = resolve_schema_instance(kwargs["schema"])
        if isinstance(instance, UnionSchema):
            described = self._union(instance)
        _explain_defaults(described, instance.partial)
        described["description"] = inspect.cleandoc(type(instance).__doc__ or "")
        if isinstance(instance, Schema) and instance.read_only:
            names = ", ".join(f"`{name}`" for name in sorted(instance.read_only))
            described["description"] += f"\n\nMay be sent too, and is ignored: {names}."
        return described

    def _union(self, union: UnionSchema) -> Json:
        converter: Any = self.converter
        references = [converter.resolve_nested_schema(variant) for variant in union.variants]
        if not union.discriminator:
            return {"oneOf": references}
        mapping = {
            value: reference["$ref"]
            for value, reference in zip(union.variant_by_value, references, strict=True)
        }
        told_apart = {"propertyName": union.discriminator, "mapping": mapping}
        return {"oneOf": references, "discriminator": told_apart}

    def operation_helper(
        self, path: str | None = None, operations: Json | None = None, **kwargs: Any
    ) -> None:
        """Resolve the schemas of operations, and give examples of them."""
        super().operation_helper(path, operations, **kwargs)
        for method, operation in (operations or {}).items():
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                for media in body.get("content", {}).values():
                    media.setdefault("example", self.example(media["schema"]))
            operation["x-codeSamples"] = code_samples(str(path), method, operation)

    def example(self, schema: Json) -> Any:
        """Return an example of a schema, put together from those of its fields."""
        if "$ref" in schema:
            spec: Any = self.spec
            return self.example(spec.components.schemas[schema["$ref"].rpartition("/")[2]])
        for key in ("example", "const", "default"):
            if schema.get(key) is not None:
                return schema[key]
        for key in ("enum", "oneOf"):
            if key in schema:
                return schema[key][0] if key == "enum" else self.example(schema[key][0])
        return self._example_by_type(schema)

    def _example_by_type(self, schema: Json) -> Any:
        kinds = schema["type"]
        kind = kinds if isinstance(kinds, str) else kinds[0]
        if kind == "array":
            return [self.example(schema["items"])]
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self.example(field) for name, field in properties.items()}
        return _BY_FORMAT.get(schema.get("format", ""), _BY_TYPE[kind])


def constant2const(self: Any, field: fields.Field[Any], ret: Json) -> Json:
    """Document a constant as the only value that there is."""
    if not isinstance(field, fields.Constant):
        return {}
    ret.pop("default", None)
    return {"type": "string", "const": field.constant}


def enum2component(self: Any, field: fields.Field[Any], ret: Json) -> Json:
    """Document an enum once, under its own name."""
    if not isinstance(field, fields.Enum):
        return {}
    name = field.enum.__name__
    described = {"type": ret.pop("type"), "enum": ret.pop("enum")}
    if name not in self.spec.components.schemas:
        described["description"] = inspect.cleandoc(field.enum.__doc__ or "")
        described["x-enum-varnames"] = list(field.enum.__members__)
        self.spec.components.schema(name, described)
    return {"$ref": f"#/components/schemas/{name}"}


def _explain_defaults(described: Json, partial: Any) -> None:
    """Say in words what a field is by default; an update has no defaults at all."""
    for field in described.get("properties", {}).values():
        if "default" in field:
            default = f"By default `{orjson.dumps(field.pop('default')).decode()}`."
            if not partial:
                field["description"] = f"{field.get('description', '')} {default}".lstrip()
