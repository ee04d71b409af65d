"""The OpenAPI document: what all operations share."""

from functools import cached_property
from typing import Any

import flask_smorest
import marshmallow
import orjson
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, request
from marshmallow import fields, validate

from . import document, errors

DESCRIPTION = """\
Tasks over REST, with a live stream of what happens to them.

Register or log in, send the access token as `Authorization: Bearer <token>`, and follow
your tasks over Socket.IO, a plain WebSocket or server-sent events (see `/docs/streams`).

Every refusal is `application/problem+json` (RFC 9457) with a stable `code`:

| code | status |
|---|---|
""" + "\n".join(f"| `{code}` | {code.status.value} |" for code in errors.ErrorCode)


LICENSE = {"name": "MIT", "identifier": "MIT"}


class ProblemSchema(marshmallow.Schema):
    """A refusal, as problem details (RFC 9457)."""

    type = fields.String(required=True, metadata={"example": "about:blank"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(
        required=True, validate=validate.OneOf([c.value for c in errors.ErrorCode])
    )
    detail = fields.String(required=True)
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "The fields at fault, each with what is wrong."},
    )
    request_id = fields.String(required=True, metadata={"description": "As in X-Request-ID."})


class Api(flask_smorest.Api):
    """smorest's Api, with refusals as `core.errors` shapes them."""

    def _register_error_handlers(self) -> None:
        errors.init_app(self._app)

    def _register_responses(self) -> None:
        """Leave out smorest's own responses: they have another shape."""

    def _register_etag_headers(self) -> None:
        """Leave out smorest's own: the headers are described in `document`."""

    _register_pagination_header = _register_etag_headers

    @cached_property
    def _document(self) -> bytes:
        return orjson.dumps(document.finish(self.spec.to_dict()))

    def _openapi_json(self) -> Response:
        """Serve the document, which is made once."""
        response = Response(self._document, mimetype="application/json")
        response.headers["Cache-Control"] = "no-cache"
        response.add_etag()
        response.make_conditional(request)
        return response


def init_app(app: Flask) -> Api:
    """Return the application's Api, ready for blueprints."""
    app.config |= {
        "API_TITLE": "Taskmaster",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
    }
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    api = Api(
        app,
        spec_kwargs={
            "marshmallow_plugin": plugin,
            "info": {"description": DESCRIPTION, "license": LICENSE},
        },
    )
    api.spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    api.spec.components.schema("Problem", schema=ProblemSchema)
    for name, description in document.HEADERS.items():
        header = {"schema": {"type": "string"}, "description": description}
        api.spec.components.header(name, header)
    return api


def _schema_name(schema: Any) -> str:
    """Name a schema after its class; the partial one of a class is its Update."""
    partial = "Update" if getattr(schema, "partial", False) else ""
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return name.removesuffix("Schema") + partial
