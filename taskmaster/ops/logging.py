"""Logs: one JSON line an event, with the id of the request that caused it.

Neither headers nor query strings nor bodies are logged, so no token or password can be.
"""

import logging
import re
import secrets
import sys
from time import perf_counter
from typing import Any, TextIO, cast

import orjson
import structlog
from flask import Flask, Response, g, has_app_context, request
from prometheus_client import Counter
from structlog.typing import EventDict

log = structlog.get_logger("taskmaster.access")

LOGGED = Counter("log_events", "Warnings and errors, by their name in the log.", ["event", "level"])
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def init_app(app: Flask) -> None:
    """Log this application's requests, and name each in its response."""
    _configure(app.config["LOG_LEVEL"])
    app.before_request(_begin)
    app.after_request(_finish)


def _configure(level: str) -> None:
    structlog.configure(
        processors=[
            _add_request_id,
            structlog.processors.add_log_level,
            _count,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_serialize),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=True,
    )


class _Stderr:
    """The present stderr, also for loggers that were made when it was another."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def _add_request_id(_logger: Any, _method: str, event: EventDict) -> EventDict:
    if has_app_context() and "request_id" in g:
        event["request_id"] = g.request_id
    return event


def _count(_logger: Any, level: str, event: EventDict) -> EventDict:
    """Make every warning and error a metric too, under the name it has in the log."""
    if level != "info":
        LOGGED.labels(event["event"], level).inc()
    return event


def _serialize(event: dict[str, object], **_: object) -> str:
    return orjson.dumps(event, default=str).decode()


def _begin() -> None:
    sent = request.headers.get("X-Request-ID", "")
    g.request_id = sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
    g.started = perf_counter()


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        milliseconds=round((perf_counter() - g.started) * 1000, 2),
        user_id=g.principal.user_id if "principal" in g else None,
    )
    return response
