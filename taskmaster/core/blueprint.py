"""smorest's Blueprint with this API's manners: strict bodies, and every refusal documented."""

import re
from collections.abc import Callable
from functools import cache, partial
from threading import Lock
from typing import Any

import flask_smorest
import marshmallow
from marshmallow import ValidationError
from marshmallow.fields import List
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from .concurrency import pause
from .current import current_application, current_request, return_connection
from .document import error_response, headers
from .errors import ErrorCode

Json = dict[str, Any]

ARTICLES = {"a", "an", "the", "all"}
LARGE = 64 * 1024  # bytes; to check such a body may take 10 ms
LARGE_BODY = Lock()


class Parser(FlaskParser):
    """Read arguments: JSON must say that it is JSON, and unknown names are refused anywhere."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}  # noqa: RUF012 (as its base has it)

    def load_json(self, req: Any, schema: Any) -> Any:
        """Return the parsed body. Raise 400 or 415."""
        if req.mimetype != "application/json":  # Flask takes a JSON Patch too
            raise UnsupportedMediaType
        return req.get_json()

    def load_querystring(self, req: Any, schema: Any) -> Any:
        """Return the parameters. Raise ValidationError if one that is no list is given twice."""
        given = dict(req.args.lists())
        single = [name for name in given if not isinstance(schema.fields.get(name), List)]
        if twice := [name for name in single if len(given[name]) > 1 and name in schema.fields]:
            raise ValidationError({name: ["Given more than once."] for name in twice})
        return given | {name: given[name][0] for name in single}

    def parse(
        self, argmap: Any, req: Any = None, *, location: str | None = None, **options: Any
    ) -> Any:
        """Return what the schema makes of the request; of no parameters at all, always the same.

        A body may come slowly, so the connection is given back. Large ones are checked one by one.
        """
        request = current_request()
        if location == "query" and not request.query_string:
            return dict(_defaults(argmap))
        check = partial(super().parse, argmap, request, location=location, **options)
        if location == "query":
            return check()
        return_connection()
        if not request.is_json or len(request.get_data()) < LARGE:
            return check()
        with LARGE_BODY:
            try:
                return check()
            finally:
                pause()  # others have their turn before the next


def _refuse_large_body() -> None:
    """Refuse a body that is too large where nobody reads it, too."""
    request, limit = current_request(), current_application().config["MAX_CONTENT_LENGTH"]
    if "CONTENT_LENGTH" in request.environ and (request.content_length or 0) > limit:
        raise RequestEntityTooLarge


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
        self.before_request(_refuse_large_body)

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
        return Blueprint.doc(documents_errors=codes)

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
            # Out of it: smorest merges what is left there into the operation, after this.
            added = info["manual_doc"].pop("parameters")
            doc["parameters"] = [*doc.get("parameters", []), *added]
        return doc


def _refusals(doc: Json, info: Json) -> set[ErrorCode]:
    """Return the refusals that an operation names, and those that follow from its shape."""
    manual = info.get("manual_doc", {})
    codes = {
        ErrorCode.MALFORMED_REQUEST,
        ErrorCode.UNTRUSTED_HOST,
        ErrorCode.TOO_LARGE,
        ErrorCode.RATE_LIMITED,
        ErrorCode.INTERNAL_ERROR,
        ErrorCode.UNAVAILABLE,
        *manual.pop("documents_errors", ()),
    }
    if manual.get("security"):
        codes |= {code for code in ErrorCode if code.status == 401}
        codes.discard(ErrorCode.BAD_CREDENTIALS)
    if "requestBody" in doc:
        codes.add(ErrorCode.UNSUPPORTED_MEDIA_TYPE)
    if "requestBody" in doc or "parameters" in doc:
        codes.add(ErrorCode.VALIDATION_FAILED)
    return codes
