"""The streams as an AsyncAPI 3.0 document, out of `streams_doc`."""

from typing import Any

from ..streams.messages import Closing
from . import streams_doc as doc

_TO_CLIENT = (*doc.EVENTS, *doc.CONTROLS)
_TWO_WAY = ("socketio", "websocket")
_SECURITY = [{"$ref": "#/components/securitySchemes/bearer"}]


def document(scheme: str, host: str) -> dict[str, Any]:
    """Return the document for clients that reach the server by this scheme and host."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": doc.TITLE, "version": "v1", "description": _description()},
        "defaultContentType": "application/json",
        "servers": {t.key: _server(t, scheme, host) for t in doc.TRANSPORTS},
        "channels": {t.key: _channel(t) for t in doc.TRANSPORTS},
        "operations": _operations(),
        "components": {
            "messages": {m.name: _message(m) for m in (*_TO_CLIENT, doc.AUTHENTICATE)},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _description() -> str:
    rows = [f"| `{c}` | {c.code} | {c.reconnect} | {doc.REASONS[c]} |" for c in Closing]
    return "\n".join(
        [f"{doc.SUMMARY}\n", "| stream_closed | close code | reconnect | |", "|-|-|-|-|", *rows]
    )


def _server(transport: doc.Transport, scheme: str, host: str) -> dict[str, Any]:
    protocol = transport.protocol + ("s" if scheme == "https" else "")
    server = {"host": host, "protocol": protocol, "security": _SECURITY}
    if transport.key == "socketio":
        server |= {"pathname": "/socket.io/", "description": "Socket.IO 5 (engine.io 4)."}
    return server


def _channel(transport: doc.Transport) -> dict[str, Any]:
    messages = [*_TO_CLIENT, *([doc.AUTHENTICATE] if transport.key in _TWO_WAY else [])]
    description = (
        f"{transport.form} {transport.notes}\n\n"
        f"Token: {transport.token}.\n\nResume: {transport.resume}."
    )
    return {
        "address": transport.address,
        "title": transport.name,
        "description": description,
        "servers": [{"$ref": f"#/servers/{transport.key}"}],
        "messages": {m.name: {"$ref": f"#/components/messages/{m.name}"} for m in messages},
    }


def _operations() -> dict[str, Any]:
    """Name what the server does: it sends on all channels, and receives on two."""
    operations = {}
    for transport in doc.TRANSPORTS:
        operations[f"follow_{transport.key}"] = _operation("send", transport, *_TO_CLIENT)
        if transport.key in _TWO_WAY:
            receive = _operation("receive", transport, doc.AUTHENTICATE)
            operations[f"authenticate_{transport.key}"] = receive
    return operations


def _operation(action: str, transport: doc.Transport, *messages: doc.Message) -> dict[str, Any]:
    channel = f"#/channels/{transport.key}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{message.name}"} for message in messages],
    }


def _message(message: doc.Message) -> dict[str, Any]:
    return {
        "name": message.name,
        "summary": message.summary,
        "payload": message.schema,
        "examples": [{"payload": message.example}],
    }
