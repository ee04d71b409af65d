"""Logs: one line an event, JSON by default, with the id of the request that caused it.

Neither headers nor query strings nor bodies are logged, so no token or password can be.
"""

import re
import secrets
import sys
from collections import deque
from contextlib import suppress
from time import perf_counter
from typing import Any, TextIO, cast

import orjson
import structlog
from flask import Flask, Response, has_app_context
from prometheus_client import Counter
from structlog.typing import EventDict, Processor

from ..core.current import current_globals, current_request

log = structlog.get_logger("taskmaster.access")

DROPPED = Counter("log_lines_dropped", "Lines that could not be written, or not in time.")
LOGGED = Counter("log_events", "Warnings and errors, by their name in the log.", ["event", "level"])
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

recent_warnings = deque[EventDict](maxlen=50)  # and errors of this process, newest first


def init_app(app: Flask) -> None:
    """Log this application's requests, and name each in its response."""
    structlog.configure(
        processors=[
            _add_request_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _count,
            *(_json() if app.config["LOG_FORMAT"] == "json" else _console()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(app.config["LOG_LEVEL"]),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=True,
    )
    # It is of logging's loggers below `taskmaster` too.
    app.logger.setLevel("DEBUG" if app.debug else app.config["LOG_LEVEL"])
    app.before_request(_begin)
    app.after_request(_finish)


def _json() -> list[Processor]:
    render = structlog.processors.JSONRenderer(serializer=_serialize)
    return [structlog.processors.format_exc_info, render]


def _console() -> list[Processor]:
    """Show the values as Python writes them: a path may hold what a terminal would act on."""
    colors = bool(sys.stderr and sys.stderr.isatty())
    plain = structlog.dev.plain_traceback
    return [
        structlog.dev.ConsoleRenderer(
            colors=colors, exception_formatter=plain, repr_native_str=True
        )
    ]


class _Stderr:
    """The present stderr, also for loggers that were made when it was another.

    It may be gone or full, which is no reason to refuse a request. gunicorn's is a LogWriter,
    which does not wait for it either.
    """

    _seen = 0

    def write(self, text: str) -> int:
        try:
            return sys.stderr.write(text)
        except (OSError, ValueError, AttributeError):
            DROPPED.inc()
            return 0
        finally:
            dropped = getattr(sys.stderr, "dropped", 0)
            if dropped > self._seen:
                DROPPED.inc(dropped - self._seen)
            self._seen = dropped

    def flush(self) -> None:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()


def _add_request_id(_logger: Any, _method: str, event: EventDict) -> EventDict:
    if has_app_context() and (request_id := current_globals().get("request_id")):
        event["request_id"] = request_id
    return event


def _count(_logger: Any, level: str, event: EventDict) -> EventDict:
    """Make every warning and error a metric too, under the name it has in the log; keep some."""
    if level != "info":
        LOGGED.labels(event["event"], level).inc()
        recent_warnings.appendleft(dict(event))
    return event


def _serialize(event: dict[str, object], **_: object) -> str:
    return orjson.dumps(event, default=str).decode()


def _begin() -> None:
    sent = current_request().environ.get("HTTP_X_REQUEST_ID", "")
    g = current_globals()
    g.request_id = sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)
    g.started = perf_counter()


def _finish(response: Response) -> Response:
    request, g = current_request(), current_globals()
    response.headers.add("X-Request-ID", g.request_id)
    log.info(
        "request",
        method=request.method,
        path=request.path,
        status=response.status_code,
        milliseconds=round((perf_counter() - g.started) * 1000, 2),
        address=request.remote_addr,
        user_id=g.principal.user_id if "principal" in g else None,
    )
    return response
