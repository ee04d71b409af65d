"""Each private name that socketio/adapter.py uses is still there, and still does what it did."""

import inspect
from typing import Any

import engineio
import pytest
import socketio
from engineio.payload import Payload
from engineio.socket import Socket
from flask import Flask
from flask.testing import FlaskClient

from taskmaster.streams.socketio.adapter import EngineSocket, open_websocket
from taskmaster.streams.socketio.namespace import UNKNOWN_EVENT
from taskmaster.streams.socketio.views import ClientPacket
from taskmaster.streams.token_bucket import MAX_FRAMES
from tests.support.databases import ON_SQLITE
from tests.support.stream_client import NAMESPACE

OPEN = "/socket.io/?EIO=4&transport=polling"
METHODS = {
    engineio.Server: ["_bad_request", "_unauthorized", "_method_not_found",
                      "get_queue_empty_exception"],
    Socket: ["poll", "receive", "send", "close", "handle_post_request", "_websocket_handler"],
    socketio.Server: ["_handle_eio_connect", "_handle_eio_message"],
    socketio.Manager: ["connect", "basic_enter_room", "basic_disconnect",
                       "pre_connect", "pre_disconnect", "disconnect", "get_namespaces",
                       "eio_sid_from_sid", "sid_from_eio_sid", "is_pre_connected"],
    socketio.packet.Packet: ["decode"],
}  # fmt: skip


@pytest.fixture
def server(app: Flask) -> Any:
    return app.extensions["socketio"].server


@pytest.mark.parametrize(
    ("owner", "name"), [(owner, name) for owner, names in METHODS.items() for name in names]
)
def test_the_library_still_has(owner: type, name: str) -> None:
    assert inspect.isfunction(getattr(owner, name))


def test_a_post_may_carry_no_more_packets_than_a_client_may_send() -> None:
    assert Payload.max_decode_packets == MAX_FRAMES
    with pytest.raises(ValueError, match="Too many packets"):
        Payload(encoded_payload="\x1e".join(["6"] * (int(MAX_FRAMES) + 1)))


@ON_SQLITE
class TestServer:
    """What `install` puts in is what the libraries use."""

    def test_the_websocket_driver_is_ours(self, server: Any) -> None:
        assert server.eio._async["websocket"] is open_websocket

    def test_connections_are_ours(self, server: Any, client: FlaskClient) -> None:
        assert client.get(OPEN).status_code == 200
        (connection,) = server.eio.sockets.values()
        assert type(connection) is EngineSocket
        assert connection.subscription is None
        connection.close()
        assert server.eio.sockets == {}

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("GET", "/socket.io/", 400), ("GET", f"{OPEN}&sid=unknown", 400), ("PUT", OPEN, 405)],
    )
    def test_refusals_are_problems(
        self, client: FlaskClient, method: str, path: str, status: int, server: Any
    ) -> None:
        reply = client.open(path, method=method)
        assert (reply.status_code, reply.mimetype) == (status, "application/problem+json")
        assert server.eio.sockets == {}

    def test_the_namespace_is_told_when_a_client_is_connected(self, server: Any) -> None:
        assert callable(server.namespace_handlers["/ws/tasks"].connected)

    def test_packets_are_read_by_ours(self, server: Any) -> None:
        assert server.packet_class is ClientPacket
        placeholder = '{"_placeholder":true,"num":0}'
        for sent in (f'2{NAMESPACE},["connect"]', f'51-{NAMESPACE},["authenticate",{placeholder}]'):
            assert ClientPacket(encoded_packet=sent).data == [UNKNOWN_EVENT]
        for sent in (
            f"61-{NAMESPACE},[{placeholder}]",
            '2["authenticate"]',
            '2/no,["authenticate"]',
        ):
            with pytest.raises(ValueError, match="another namespace"):
                ClientPacket(encoded_packet=sent)
        for sent in (f"2{NAMESPACE},{data}" for data in ("", "7", "[]", "{}", "null")):
            with pytest.raises((TypeError, LookupError)):  # an event without a name
                ClientPacket(encoded_packet=sent)
