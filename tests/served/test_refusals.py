"""Where a token counts, and how a refusal looks before there is a stream."""

import json
from contextlib import closing, suppress
from queue import Queue
from typing import Any

import pytest
import socketio
import websocket

from taskmaster.streams.hub import MAX_CONNECTIONS
from tests.support.api import Api, User
from tests.support.asserts import assert_problem
from tests.support.server import Server
from tests.support.stage import BY_GUNICORN, Open, over
from tests.support.streams import (
    NAMESPACE,
    SOCKETIO_CLIENTS,
    RefusedError,
    SocketIOClient,
    SSEClient,
    WebSocketClient,
    close_engine,
    in_order,
)

SETUPS = BY_GUNICORN
BOTH = pytest.mark.parametrize("client", SOCKETIO_CLIENTS.values(), ids=SOCKETIO_CLIENTS)
IN_URL = pytest.mark.parametrize("name", ["token", "access_token"])


def knock(url: str, client: type[SocketIOClient], headers: dict[str, str] | None = None) -> Any:
    """Join the namespace without `auth`; return the refusal, or what `stream_ready` says."""
    said, knocking = Queue[Any](), socketio.Client(reconnection=False)
    in_order(knocking.eio)
    for name in ("stream_ready", "connect_error"):
        knocking.on(name, said.put, namespace=NAMESPACE)
    try:
        with suppress(socketio.exceptions.ConnectionError):
            knocking.connect(
                url,
                headers or {},
                transports=client.transports,
                namespaces=[NAMESPACE],
                wait_timeout=10,
            )
        return said.get(timeout=30)
    finally:
        close_engine(knocking.eio)


@over({"websocket": WebSocketClient, "sse": SSEClient})
@pytest.mark.parametrize(
    ("access", "since", "status", "code"),
    [("nonsense", None, 401, "invalid_token"), (None, "x", 422, "validation_failed")],
)
def test_a_refusal_before_the_stream_is_a_problem(
    user: User, open_stream: Open, access: str | None, since: object, status: int, code: str
) -> None:
    user.access = access or user.access
    with pytest.raises(RefusedError) as refused:
        open_stream(user, since)
    assert_problem(refused.value.reply, status, code)


@IN_URL
def test_a_token_in_the_url_opens_no_sse(anybody: Api, user: User, name: str) -> None:
    reply = anybody.get("tasks/stream/", params={name: user.access})
    assert_problem(reply, 401, "not_authenticated")


@IN_URL
def test_a_token_in_the_url_opens_no_websocket(server: Server, user: User, name: str) -> None:
    """The first message still says who it is, and from where: else there would be no replay."""
    user.create_task()
    url = f"{server.url.replace('http', 'ws', 1)}/ws/tasks/?{name}={user.access}"
    with closing(websocket.create_connection(url, timeout=10)) as link:
        link.send("{}")
        link.send(json.dumps({"action": "authenticate", "token": user.access, "since": 0}))
        answers = [json.loads(link.recv())["action"] for _ in range(3)]
    assert answers == ["error", "task_create", "stream_ready"]


@IN_URL
@BOTH
def test_a_token_in_the_url_opens_no_socketio(
    server: Server, user: User, client: type[SocketIOClient], name: str
) -> None:
    said = knock(f"{server.url}?{name}={user.access}", client)
    assert said["data"]["code"] == "not_authenticated"


@BOTH
@pytest.mark.parametrize("scheme", ["", "Bearer ", "bearer "])
def test_a_token_in_the_header_alone_opens_socketio(
    server: Server, user: User, client: type[SocketIOClient], scheme: str
) -> None:
    user.create_task()
    said = knock(server.url, client, {"Authorization": scheme + user.access})
    assert said == {"seq": 1, "replayed": 0}


@over({"sse": SSEClient})
def test_too_many_are_told_when_to_come_back(user: User, open_stream: Open) -> None:
    for _ in range(MAX_CONNECTIONS):
        open_stream(user, ready=False)
    with pytest.raises(RefusedError) as refused:
        open_stream(user)
    assert_problem(refused.value.reply, 429, "too_many_connections")
    headers = refused.value.reply.headers
    assert int(headers["Retry-After"]) > 0
    assert [headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")] == [
        str(MAX_CONNECTIONS), "0", headers["Retry-After"]
    ]  # fmt: skip
