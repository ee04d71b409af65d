"""The head of an HTTP/1.1 request, parsed strictly (RFC 9112) into a WSGI environ.

The parser of the standard library is not used: it takes a bare CR for the end of a line and stops
at a line without a colon, and so lets a request mean two things to us and to a proxy before us.
"""

import re
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

MAX_HEAD = 64 * 1024
MAX_HEADERS = 100

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - a grammar rule's name
_REQUEST_LINE = re.compile(rf"({_TOKEN}) ([^\x00-\x20\x7f]+) (HTTP/1\.[01])").fullmatch
_HEADER = re.compile(rf"({_TOKEN}):[ \t]*([^\x00\r\n]*)").fullmatch
_ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE).fullmatch
_ONCE = ("CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_HOST", "HTTP_TRANSFER_ENCODING")


class HeadError(ValueError):
    """The head is not one of HTTP/1.1; `status` is what to answer."""

    def __init__(self, detail: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(detail)
        self.status = status


def too_large(begun: bytes) -> HeadError:
    """Say which part of the head that has `begun` is beyond the limits."""
    if 0 <= begun.find(b"\r\n") <= MAX_HEAD:
        return HeadError("The headers are too large.", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    return HeadError("The URL is too long.", HTTPStatus.REQUEST_URI_TOO_LONG)


def parse(head: bytes, environ: dict[str, Any]) -> None:
    """Add the request line and the headers in `head` to `environ`, or raise HeadError."""
    line, *headers = head.decode("latin-1").split("\r\n")
    _parse_request_line(line, environ)
    if len(headers) > MAX_HEADERS:
        raise HeadError("Too many headers.", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    for header in headers:
        _add_header(header, environ)
    if authority := environ.pop("taskmaster.authority", None):
        environ["HTTP_HOST"] = authority
    if "HTTP_HOST" not in environ and environ["SERVER_PROTOCOL"] == "HTTP/1.1":
        raise HeadError("The Host header is missing.")


def _parse_request_line(line: str, environ: dict[str, Any]) -> None:
    match = _REQUEST_LINE(line)
    if match is None:
        raise HeadError("The request line is not one of HTTP/1.1 or HTTP/1.0.")
    method, target, protocol = match.groups()
    if target[0] != "/" and (absolute := _ABSOLUTE(target)):
        # RFC 9112 3.2.2: a server takes what is sent to a proxy, and its authority.
        environ["taskmaster.authority"] = absolute[1]
        target = absolute[2] or "/"
    path, _, query = target.partition("?")
    environ["REQUEST_METHOD"] = method
    environ["SERVER_PROTOCOL"] = protocol
    environ["RAW_URI"] = target
    environ["PATH_INFO"] = unquote(path, "latin-1")
    environ["QUERY_STRING"] = query


def _add_header(header: str, environ: dict[str, Any]) -> None:
    match = _HEADER(header)
    if match is None:
        raise HeadError("A header line is malformed.")
    name, value = match.groups()
    if "_" in name:
        return  # could pass for the same name with a hyphen
    key = _environ_key(name)
    value = value.rstrip(" \t")
    if key not in environ:
        environ[key] = value
    elif key in _ONCE:
        raise HeadError(f"The header {name} is there twice.")
    else:
        environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value


@lru_cache(maxsize=256)
def _environ_key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def body_length(environ: dict[str, Any]) -> int | None:
    """Return the body's length in bytes, or None for a chunked one (RFC 9112 6.3)."""
    coding = environ.get("HTTP_TRANSFER_ENCODING")
    length = environ.get("CONTENT_LENGTH")
    if coding is None:
        if length is None:
            return 0
        if not (length.isascii() and length.isdecimal() and len(length) < 19):
            raise HeadError("The Content-Length is not a number.")
        return int(length)
    if length is not None or environ["SERVER_PROTOCOL"] == "HTTP/1.0":
        raise HeadError("The length of the body is ambiguous.")
    if coding.lower() != "chunked":
        raise HeadError("The only Transfer-Encoding understood is chunked.")
    return None
