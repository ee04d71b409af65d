"""In which ways the application is served, and what of it a client of each transport can do."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.support.server import Server
from tests.support.streams import (
    TRANSPORTS,
    BrowserWebSocketClient,
    PollingClient,
    SSEClient,
    StreamClient,
    WebSocketClient,
)

Open = Callable[..., StreamClient]
OpenAll = Callable[..., list[StreamClient]]
Start = Callable[..., Server]
ALL = TRANSPORTS | {"browser": BrowserWebSocketClient, "polling": PollingClient}
# By what a client can do: send anything at all, send fragments, show a token as it connects.
SENDING = {name: kind for name, kind in ALL.items() if kind is not SSEClient}
FRAGMENTING = {name: kind for name, kind in SENDING.items() if kind is not PollingClient}
BY_TOKEN = {name: kind for name, kind in ALL.items() if not issubclass(kind, WebSocketClient)}


class Setup(NamedTuple):
    """What a server runs on, and what runs it."""

    mode: str = "eventlet"
    backend: str = "sqlite"
    by: str = "gunicorn"


DEFAULT = Setup()
BY_GUNICORN = (
    DEFAULT,
    Setup("eventlet", "postgresql"),
    Setup("gevent", "sqlite"),
    Setup("threading", "postgresql"),
)
SETUPS = (*BY_GUNICORN, Setup("threading", by="flask run"))


def as_journey(case: object) -> Any:
    """Try this case under `make journeys` only."""
    return pytest.param(case, marks=pytest.mark.journey)


GEVENT, THREADING, FLASK_RUN = map(as_journey, ("gevent", "threading", "flask run"))
MODES = (DEFAULT.mode, GEVENT, THREADING)


def over(transports: dict[str, type[StreamClient]]) -> pytest.MarkDecorator:
    """Try these transports only, instead of all."""
    return pytest.mark.parametrize("transport", transports.values(), ids=transports)


def assert_closed(stream: StreamClient, code: str, close_code: int, reconnect: bool) -> None:
    """Assert that a stream ends, and in which way."""
    stream.wait_for_end()
    (said,) = stream.of("stream_closed")
    assert said == said | {"code": code, "reconnect": reconnect}
    assert getattr(stream, "code", close_code) == close_code
