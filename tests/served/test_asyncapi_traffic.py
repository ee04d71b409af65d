"""What a real server sends on each transport is what the AsyncAPI document says of its channel."""

import json
from typing import Any

import pytest

from tests.site.test_asyncapi import shown
from tests.support.api import Api, User, succeed
from tests.support.asyncapi import FROM_CLIENTS, answered_on, validate
from tests.support.server import Server
from tests.support.stage import DEFAULT, Open, Start
from tests.support.streams import (
    NAMESPACE,
    BrowserWebSocketClient,
    SocketIOClient,
    SSEClient,
    StreamClient,
    WebSocketClient,
)

SETUPS = [DEFAULT]

CHANNELS = {SocketIOClient: "socketio", WebSocketClient: "websocket", SSEClient: "sse"}


@pytest.fixture(scope="module")
def server(start_server: Start) -> Server:
    """A server that announces the expiry of each token at once."""
    return start_server(ACCESS_TOKEN_SECONDS=60)


@pytest.fixture
def document(anybody: Api) -> dict[str, Any]:
    """The document as it is served."""
    served: dict[str, Any] = succeed(anybody.get("/asyncapi.json"))
    return served


def channel_of(transport: type[StreamClient]) -> str:
    """Return the channel of a kind of client."""
    (channel,) = [channel for kind, channel in CHANNELS.items() if issubclass(transport, kind)]
    return channel


def live_through_everything(user: User, stream: StreamClient) -> list[dict[str, Any]]:
    """Have the server send each message once at least. Return its answers to `authenticate`."""
    task = user.create_task()
    user.patch(f"tasks/{task['id']}/", {"title": "Changed"})
    user.delete(f"tasks/{task['id']}/")
    stream.wait_for_events(3)
    stream.wait("token_expiring")
    answers = []
    if not isinstance(stream, SSEClient):
        answers.append(stream.authenticate(user.access))
        assert answers[0] == {"action": "authenticated"} | stream.wait("authenticated")
        answers.append(stream.authenticate("nonsense"))
        assert answers[1] == {"action": "error"} | stream.wait("error")
        stream.nonsense()
    succeed(user.post("auth/logout/"))
    stream.wait_for_end()
    return answers


def test_it_is_exactly_what_the_document_says(
    user: User, open_stream: Open, transport: type[StreamClient], document: dict[str, Any]
) -> None:
    user.create_task()
    stream = open_stream(user, since=99)
    answers = live_through_everything(user, stream)
    channel = channel_of(transport)
    documented = document["channels"][channel]["messages"].keys() - FROM_CLIENTS
    assert {name for name, _ in stream.received} == documented
    frames = getattr(stream, "frames", [None] * len(stream.received))
    for (name, body), frame in zip(stream.received, frames, strict=True):
        headers = {} if frame is None else {"headers": frame}
        validate(document, channel, name, payload=body, **headers)
    for answer in answers:
        validate(document, answered_on(document, channel), answer["action"], payload=answer)


def example(anybody: Api, user: User, channel: str) -> str:
    """Return what the page says to send, with a real token in it."""
    page = anybody.get("/docs/streams").body.decode()
    (text,) = [text for name, key, text in shown(page) if (name, key) == ("authenticate", channel)]
    assert "<access token>" in text
    return text.replace("<access token>", user.access)


def test_what_the_page_says_to_send_on_the_websocket_works(
    anybody: Api, user: User, server: Server
) -> None:
    text = example(anybody, user, "websocket")
    stream = BrowserWebSocketClient(server.url, None, silent=True)
    stream.socket.send(text)
    assert stream.wait("stream_reset")["reason"] == "ahead"
    stream.wait("stream_ready")
    stream.socket.send(text)
    stream.wait("authenticated")
    stream.close()


def test_what_the_page_says_to_send_over_socket_io_works(
    anybody: Api, user: User, server: Server
) -> None:
    body = json.loads(example(anybody, user, "socketio"))
    stream = SocketIOClient(server.url, user.access)
    answer = stream.client.call("authenticate", body, namespace=NAMESPACE, timeout=30)
    assert answer["action"] == "authenticated"
    stream.close()
