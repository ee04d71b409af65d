"""The OpenAPI document: what all operations share."""

from functools import cached_property

import flask_smorest
import marshmallow
import orjson
from flask import Flask, Response
from marshmallow import fields

from . import document, errors
from .caching import revalidated

DESCRIPTION = """\
Tasks over REST, with a live stream of what happens to them.

Register or log in, send the access token as `Authorization: Bearer <token>`, and follow
your tasks over Socket.IO, a plain WebSocket or server-sent events (see `/docs/streams`).

Every refusal is `application/problem+json` (RFC 9457) with a stable `code`:

| code | status |
|---|---|
""" + "\n".join(f"| `{code}` | {code.status.value} |" for code in errors.ErrorCode)


INFO = {
    "description": DESCRIPTION,
    "contact": {"name": "Whoever runs this server"},
    "license": {"name": "MIT", "identifier": "MIT"},
}
SERVERS = [{"url": "/", "description": "The server that gave you this document."}]


class ProblemSchema(marshmallow.Schema):
    """A refusal, as problem details (RFC 9457)."""

    class Meta:
        unknown = marshmallow.EXCLUDE

    type = fields.String(required=True, metadata={"example": "about:blank"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.Enum(errors.ErrorCode, by_value=fields.String, required=True)
    detail = fields.String(required=True)
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "The fields at fault, each with what is wrong."},
    )
    request_id = fields.String(required=True, metadata={"description": "As in X-Request-ID."})


class Api(flask_smorest.Api):
    """smorest's Api, with refusals as `core.errors` shapes them."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        errors.init_app(self._app)

    def _register_responses(self) -> None:
        """Leave out smorest's own responses: they have another shape."""

    def _register_etag_headers(self) -> None:
        """Leave out smorest's own: the headers are described in `document`."""

    _register_pagination_header = _register_etag_headers

    @cached_property
    def _document(self) -> bytes:
        return orjson.dumps(self.spec.to_dict())

    def _openapi_json(self) -> Response:
        """Serve the document, which is made once."""
        return revalidated(Response(self._document, mimetype="application/json"))


def init_app(app: Flask) -> Api:
    """Return the application's Api, ready for blueprints."""
    app.config |= {
        "API_TITLE": "Taskmaster",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
    }
    spec = {"marshmallow_plugin": document.SchemaPlugin(), "info": INFO, "servers": SERVERS}
    api = Api(app, spec_kwargs=spec)
    api.register_field(fields.Url, "string", "uri")
    api.spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    api.spec.components.schema("Problem", schema=ProblemSchema)
    for name, header in document.HEADERS.items():
        api.spec.components.header(name, header)
    return api
