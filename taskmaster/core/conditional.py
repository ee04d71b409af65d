"""Conditional requests (RFC 9110, section 13): entity tags, made of a row's version."""

from flask import Response, request

from .errors import ApiError, ErrorCode


def _parameter(name: str, description: str) -> dict[str, object]:
    schema = {"type": "string", "example": '"1"'}
    return {"name": name, "in": "header", "schema": schema, "description": description}


IF_MATCH = _parameter("If-Match", "Act only on this version (an `ETag`): 412 for any other.")
IF_NONE_MATCH = _parameter("If-None-Match", "Versions (`ETag`s) that you have: 304 for these.")


def etag(version: int) -> str:
    """Return the entity tag of a version, as a header has it."""
    return f'"{version}"'


def check_if_match(version: int) -> None:
    """Hold a row, read under its lock, against `If-Match`. Raise ApiError (412)."""
    if "If-Match" in request.headers and not request.if_match.contains(str(version)):
        detail = "This has been changed meanwhile; the ETag header has its present version."
        headers = {"ETag": etag(version)}
        raise ApiError(ErrorCode.PRECONDITION_FAILED, detail, headers=headers)


def not_modified(version: int) -> Response | None:
    """Return 304 if the client has this version already (`If-None-Match`)."""
    if "If-None-Match" in request.headers and request.if_none_match.contains_weak(str(version)):
        return Response(status=304, headers={"ETag": etag(version)})
    return None
