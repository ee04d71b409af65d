"""smorest's Blueprint with this API's manners: strict bodies, and every refusal documented."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from functools import cache
from threading import Lock
from typing import Any

import flask_smorest
import marshmallow
from flask import Request
from marshmallow import ValidationError
from marshmallow.fields import List
from webargs.flaskparser import FlaskParser

from .concurrency import pause
from .current import current_request
from .document import error_response, headers
from .errors import ErrorCode
from .request_connection import return_connection

Json = dict[str, Any]

ARTICLES = {"a", "an", "the", "all"}
LARGE = 64 * 1024  # bytes; to check such a body may take 10 ms
LARGE_BODY = Lock()


class Parser(FlaskParser):
    """Read arguments: JSON must say that it is JSON, and unknown names are refused anywhere."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}  # noqa: RUF012 (as its base has it)

    def get_default_request(self) -> Request:
        """Return the request itself, for each value is looked up in it."""
        return current_request()

    def load_json(self, req: Request, schema: Any) -> Any:
        """Return the parsed body. Raise 400 or 415."""
        return req.get_json()

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """Return the parameters. Raise ValidationError for one of several values that has one."""
        given = dict(req.args.lists())
        single = [name for name in given if not isinstance(schema.fields.get(name), List)]
        if twice := [name for name in single if len(given[name]) > 1 and name in schema.fields]:
            raise ValidationError({name: ["Given more than once."] for name in twice})
        return given | {name: given[name][0] for name in single}

    def parse(self, argmap: Any, *args: Any, location: str | None = None, **options: Any) -> Any:
        """Return what the schema makes of the request; of no parameters at all, always the same."""
        if location == "query" and not current_request().query_string:
            return dict(_defaults(argmap))
        with _checking_body() if location == "json" else nullcontext():
            return super().parse(argmap, *args, location=location, **options)


@contextmanager
def _checking_body() -> Iterator[None]:
    """Give the connection back, since a body may come slowly; check large bodies one by one."""
    return_connection()
    request = current_request()
    if not request.is_json or len(request.get_data()) < LARGE:
        yield
        return
    with LARGE_BODY:
        try:
            yield
        finally:
            pause()  # others have their turn before the next


@cache
def _defaults(schema: marshmallow.Schema) -> dict[str, Any]:
    """Return the parameters of a list that is asked for without any: all have defaults."""
    return dict(schema.load({}))


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose operations document the errors that they share."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks += [self._name, self._document_responses, self._add_parameters]

    @staticmethod
    def doc(**described: Any) -> Callable[[Any], Any]:
        """Describe an operation as smorest's own does, but call nothing more for each request."""

        def decorator(view: Any) -> Any:
            view._apidoc = flask_smorest.Blueprint.doc(**described)(view)._apidoc
            return view

        return decorator

    @staticmethod
    def documents_errors(*codes: ErrorCode) -> Callable[[Any], Any]:
        """Document refusals of this operation beyond those that follow from its shape."""

        def decorator(view: Any) -> Any:
            view._apidoc = {**deepcopy(getattr(view, "_apidoc", {})), "documents_errors": codes}
            return view

        return decorator

    @staticmethod
    def _name(doc: Json, info: Json, **_: Any) -> Json:
        """Name an operation by its summary, as methods are named in generated clients."""
        words = re.findall("[a-z]+", info["docstring"]["summary"].lower().replace("'s", ""))
        first, *rest = (word for word in words if word not in ARTICLES)
        return doc | {"operationId": first + "".join(map(str.title, rest)), "security": []}

    @staticmethod
    def _document_responses(doc: Json, info: Json, **_: Any) -> Json:
        """Add all refusals, and the header that all responses have."""
        responses = {str(status): response for status, response in doc["responses"].items()}
        codes = _refusals(doc, info)
        for status in sorted({code.status for code in codes}):
            named = sorted(code for code in codes if code.status == status)
            responses[str(status.value)] = error_response(named, "requestBody" in doc)
        for response in responses.values():
            response.setdefault("headers", {}).update(headers("X-Request-ID"))
        return doc | {"responses": dict(sorted(responses.items()))}

    @staticmethod
    def _add_parameters(doc: Json, info: Json, **_: Any) -> Json:
        """Add the parameters of `@blp.doc` to those of the arguments, which they would replace."""
        if "parameters" in info.get("manual_doc", {}):
            added = info["manual_doc"].pop("parameters")
            doc["parameters"] = [*doc.get("parameters", []), *added]
        return doc


def _refusals(doc: Json, info: Json) -> set[ErrorCode]:
    """Return the refusals that an operation names, and those that follow from its shape."""
    codes = {
        ErrorCode.MALFORMED_REQUEST,
        ErrorCode.UNTRUSTED_HOST,
        ErrorCode.RATE_LIMITED,
        ErrorCode.INTERNAL_ERROR,
        ErrorCode.UNAVAILABLE,
        *info.get("documents_errors", ()),
    }
    if info.get("manual_doc", {}).get("security"):
        codes |= {code for code in ErrorCode if code.status == 401}
        codes.discard(ErrorCode.BAD_CREDENTIALS)
    if "requestBody" in doc:
        codes |= {ErrorCode.TOO_LARGE, ErrorCode.UNSUPPORTED_MEDIA_TYPE}
    if "requestBody" in doc or "parameters" in doc:
        codes.add(ErrorCode.VALIDATION_FAILED)
    return codes
