"""Conditional requests (RFC 9110, section 13): entity tags, made of a row's version."""

from flask import Response

from .current import current_request
from .errors import ApiError, ErrorCode


def _parameter(name: str, example: str, description: str) -> dict[str, object]:
    schema = {"type": "string", "example": example}
    return {"name": name, "in": "header", "schema": schema, "description": description}


IF_MATCH = _parameter("If-Match", '"1"', "Act only on this version (an `ETag`): 412 for any other.")
IF_NONE_MATCH = _parameter(
    "If-None-Match", '"2"', "Versions (`ETag`s) not to answer with (304), or not to change (412)."
)


def etag(version: int) -> str:
    """Return the entity tag of a version, as a header has it."""
    return f'"{version}"'


def check_preconditions(version: int) -> None:
    """Hold a row, read under its lock, against `If-Match`, then against `If-None-Match`.

    Raise ApiError (412); the order is that of RFC 9110, section 13.2.2.
    """
    request = current_request()
    if "HTTP_IF_MATCH" in request.environ and not request.if_match.contains(str(version)):
        detail = "This has been changed meanwhile; the ETag header has its present version."
        raise _failed(version, detail)
    if _has(version):
        raise _failed(version, "If-None-Match rules out a change of this version.")


def not_modified(version: int) -> Response | None:
    """Return 304 if the client has this version already (`If-None-Match`)."""
    return Response(status=304, headers={"ETag": etag(version)}) if _has(version) else None


def _has(version: int) -> bool:
    """Tell whether `If-None-Match` names this version, or any; compared weakly."""
    request = current_request()
    named = "HTTP_IF_NONE_MATCH" in request.environ
    return named and request.if_none_match.contains_weak(str(version))


def _failed(version: int, detail: str) -> ApiError:
    return ApiError(ErrorCode.PRECONDITION_FAILED, detail, headers={"ETag": etag(version)})
