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
Tasks over REST, and a live stream of every change to them. In two minutes:

**1. Register**, or log in at `auth/login/` with the same username and password.

```sh
curl http://127.0.0.1:8000/api/v1/auth/register/ -H 'Content-Type: application/json' \\
  -d '{"username": "ada_l", "email": "ada@example.org", "password": "correct horse"}'
```

**2. Stay logged in.** Send the `access` token of the reply with each call, as
`Authorization: Bearer <token>`. On 401 `token_expired`, trade `refresh` for two new tokens at
`auth/token/refresh/`; keep both.

**3. Keep a list up to date**, through any cut, with the JavaScript client of this server, in a
module script of a page. It refreshes by itself:

```js
import { connect } from "http://127.0.0.1:8000/client/taskmaster.js";
const tm = connect("http://127.0.0.1:8000");
await tm.login("ada_l", "correct horse");
const live = tm.tasks.live({ status_task: ["TO DO"] });
live.subscribe((tasks) => console.log(tasks));
```

Without it, follow over Socket.IO, a plain WebSocket or server-sent events:
[streams](/docs/streams).

Each call below has samples in curl, JavaScript and Python (`pip install requests`); `access`,
`task_id` and the like are variables of yours, `$ACCESS` and `$TASK_ID` in curl. Each refusal is
`application/problem+json` with a stable `code`: [all codes, with what to do](/docs/errors).
"""


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
        metadata={
            "description": "The fields at fault, each with what is wrong. At most "
            f"{errors.MAX_ERRORS} messages; another, of `body`, then says that there are more."
        },
    )
    request_id = fields.String(required=True, metadata={"description": "As in X-Request-ID."})


class Api(flask_smorest.Api):
    """smorest's Api, with refusals as `core.errors` shapes them."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = ProblemSchema

    def _register_responses(self) -> None:
        """Leave out smorest's, one for each status: operations name their own refusals."""
        self.spec.components.schema("Problem", schema=ProblemSchema)

    def _register_pagination_header(self) -> None:
        """Leave out smorest's: no reply has it."""

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
    errors.init_app(app)
    api.register_field(fields.Url, "string", "uri")
    api.spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    for name, (schema, description) in document.DESCRIBED_HEADERS.items():
        api.spec.components.header(name, {"schema": schema, "description": description})
    return api
