"""smorest's Blueprint with this API's manners: strict bodies, and every refusal documented."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

import flask_smorest
import marshmallow
from flask import Request, request
from flask_smorest.utils import deepupdate
from webargs.flaskparser import FlaskParser

from .document import error_response
from .errors import ErrorCode


class Parser(FlaskParser):
    """Read arguments: JSON must say that it is JSON, and unknown names are refused anywhere."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}  # noqa: RUF012 (as its base has it)

    def load_json(self, req: Request, schema: Any) -> Any:
        """Return the parsed body. Raise 400 or 415."""
        return req.get_json()

    def parse(self, argmap: Any, *args: Any, location: str | None = None, **options: Any) -> Any:
        """Return what the schema makes of the request; of no parameters at all, always the same."""
        if location == "query" and not request.query_string:
            return dict(_defaults(argmap))
        return super().parse(argmap, *args, location=location, **options)


@cache
def _defaults(schema: marshmallow.Schema) -> dict[str, Any]:
    """Return the parameters of a list that is asked for without any: all have defaults."""
    return dict(schema.load({}))


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose operations document the errors that they share."""

    ARGUMENTS_PARSER = Parser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._document_errors)

    @staticmethod
    def refuses(*codes: ErrorCode) -> Callable[[Any], Any]:
        """Document refusals of this operation beyond those that follow from its shape."""

        def decorator(view: Any) -> Any:
            view._apidoc = {**deepcopy(getattr(view, "_apidoc", {})), "refuses": codes}
            return view

        return decorator

    def _document_errors(self, doc: dict[str, Any], info: dict[str, Any], **_: Any) -> Any:
        """Add the refusals that follow from an operation's shape to those that it names."""
        codes = {ErrorCode.MALFORMED_REQUEST, ErrorCode.RATE_LIMITED, ErrorCode.UNAVAILABLE}
        codes.update(info.get("refuses", ()))
        if info.get("manual_doc", {}).get("security"):
            codes |= {code for code in ErrorCode if code.status == 401}
            codes.discard(ErrorCode.BAD_CREDENTIALS)
        if "requestBody" in doc:
            codes |= {ErrorCode.TOO_LARGE, ErrorCode.UNSUPPORTED_MEDIA_TYPE}
        if "requestBody" in doc or "parameters" in doc:
            codes.add(ErrorCode.VALIDATION_FAILED)
        for status in sorted({code.status for code in codes}):
            named = sorted(code for code in codes if code.status == status)
            doc = deepupdate(doc, {"responses": {str(status.value): error_response(named)}})
        return doc
