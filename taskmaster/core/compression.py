"""Compression by gzip (RFC 9110, section 8.4) of text over 1 KiB, where the client accepts it.

A success with `no-store` may hold a token, and is never compressed: beside text that an attacker
chose, the compressed length would reveal the token (the BREACH attack). Refusals hold no token.
Streams are never compressed.
"""

import gzip
import re
from functools import lru_cache, partial

from flask import Flask, Response
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from .caching import vary
from .concurrency import run_blocking
from .current import current_request
from .errors import ApiError

MIN_SIZE = 1024  # bytes
MAX_INLINE = 256 * 1024  # bytes; a larger body would hold other requests up for over 3 ms
FAST, SMALL = 1, 9  # levels: for one reply, and for what is compressed once
KEPT = 64  # compressed bodies
SUFFIX = '-gzip"'  # of the tag of a compressed representation
TEXT = re.compile(r"text/|application/(.*[+])?(json|javascript|typescript|xml)$|image/svg")


def init_app(app: Flask) -> None:
    """Compress this application's replies. Must come before what sets their Cache-Control."""
    app.before_request(_know_own_tags)
    app.after_request(_encode)


def _know_own_tags() -> None:
    """Let the tag of a compressed representation stand for its version too.

    For a GET only where the client accepts gzip: caches name what they hold for other clients.
    """
    request = current_request()
    environ = request.environ
    for name in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
        tags = environ.get(name, "")
        if SUFFIX in tags and (request.method not in ("GET", "HEAD") or _accepted()):
            environ[name] = tags + ", " + tags.replace(SUFFIX, '"')


def _encode(response: Response) -> Response:
    if response.status_code < 400 and "no-store" in response.headers["Cache-Control"]:
        return response
    vary(response, "Accept-Encoding")
    if _accepted():
        if response.status_code == 304:
            _repeat_tag(response)
        elif _suits(response):
            _compress(response)
    return response


def _accepted() -> bool:
    header = current_request().environ.get("HTTP_ACCEPT_ENCODING")
    return header is not None and _prefers_gzip(header)


@lru_cache(maxsize=64)
def _prefers_gzip(header: str) -> bool:
    accepted = parse_accept_header(header, Accept)
    return 0 < accepted.quality("gzip") >= accepted.quality("identity")


def _suits(response: Response) -> bool:
    """Tell whether it is a whole text, not too short; a file is streamed, but it has an end."""
    return (
        (response.content_length or 0) > MIN_SIZE
        and TEXT.match(response.mimetype or "") is not None
        and (response.direct_passthrough or not response.is_streamed)
        and "Content-Encoding" not in response.headers
    )


def _compress(response: Response) -> None:
    response.direct_passthrough = False
    body, tag = response.get_data(), response.headers.get("ETag")
    shared = tag and "private" not in response.headers["Cache-Control"]
    try:
        response.set_data(_compress_once(body) if shared else _gzip(body, FAST))
    except ApiError:  # too many wait for a thread: as it is, then
        return
    response.headers["Content-Encoding"] = "gzip"
    if tag and not tag.startswith("W/"):  # other bytes, another strong tag (section 8.8.3.3)
        response.headers["ETag"] = tag[:-1] + SUFFIX


def _repeat_tag(response: Response) -> None:
    """Give a 304 the tag of the compressed representation, if that is what the client has."""
    tag = response.headers.get("ETag", "").removesuffix('"') + SUFFIX
    if tag in current_request().environ.get("HTTP_IF_NONE_MATCH", ""):
        response.headers["ETag"] = tag


@lru_cache(maxsize=KEPT)
def _compress_once(body: bytes) -> bytes:
    return _gzip(body, SMALL)


def _gzip(body: bytes, level: int) -> bytes:
    encode = partial(gzip.compress, body, level, mtime=0)
    return encode() if len(body) <= MAX_INLINE else run_blocking(encode)
