"""The streams as an AsyncAPI 3.0 document, out of `streams_doc`."""

from collections.abc import Iterable
from typing import Any

from . import streams_doc as doc
from .stream_messages import CONTROLS, EVENTS, FROM_CLIENTS, SPEC, Message

_SECURITY = [{"$ref": "#/components/securitySchemes/bearer"}]
_ANSWERS = ("authenticated", "error")
_ANSWERED_ON = {"socketio": "acknowledgement", "websocket": "websocket"}
_SENT = (*EVENTS, *CONTROLS)


def document(scheme: str, host: str) -> dict[str, Any]:
    """Return the document for clients that reach the server by this scheme and host."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": doc.TITLE, "version": "v1", "description": _description()},
        "defaultContentType": "application/json",
        "servers": {t.key: _server(t, scheme, host) for t in doc.TRANSPORTS},
        "channels": {t.key: _channel(t) for t in doc.TRANSPORTS}
        | {"acknowledgement": _acknowledgement()},
        "operations": {
            name: operation for t in doc.TRANSPORTS for name, operation in _operations(t).items()
        },
        "components": {
            "schemas": SPEC.components.schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _description() -> str:
    rows = [
        f"| `{closing}` | {closing.code} | {'yes' if closing.reconnect else 'no'} | {meaning} |"
        for closing, meaning in doc.REASONS.items()
    ]
    head = "| In stream_closed | WebSocket code | Come back? | What it means |"
    return "\n".join([f"{doc.SUMMARY}\n", head, "|-|-|-|-|", *rows])


def _server(transport: doc.Transport, scheme: str, host: str) -> dict[str, Any]:
    protocol = transport.protocol + ("s" if scheme == "https" else "")
    server = {"host": host, "protocol": protocol, "security": _SECURITY}
    if transport.key == "socketio":
        server |= {"pathname": "/socket.io/", "description": "Socket.IO 5 (engine.io 4)."}
    return server


def _channel(transport: doc.Transport) -> dict[str, Any]:
    messages = doc.shown_on(transport, (*_SENT, *FROM_CLIENTS))
    parts = (
        transport.form,
        transport.notes,
        f"Token: {transport.token}.",
        f"Resume: {transport.resume}.",
    )
    return {
        "address": transport.address,
        "title": transport.name,
        "description": "\n\n".join(parts),
        "servers": [{"$ref": f"#/servers/{transport.key}"}],
        "messages": {message.name: _message(transport.key, message) for message in messages},
    }


def _acknowledgement() -> dict[str, Any]:
    """Describe what Socket.IO answers an event with: it has no name, so `action` tells it."""
    (socketio,) = (transport for transport in doc.TRANSPORTS if transport.key == "socketio")
    answers = [message for message in CONTROLS if message.name in _ANSWERS]
    return {
        "address": None,
        "title": "Acknowledgement over Socket.IO",
        "description": "The one argument of the function that you give with an event.",
        "servers": [{"$ref": f"#/servers/{socketio.key}"}],
        "messages": {
            message.name: _message("acknowledgement", doc.named(message))
            for message in doc.shown_on(socketio, answers)
        },
    }


def _message(channel: str, message: Message) -> dict[str, Any]:
    shared = {"$ref": f"#/components/schemas/{message.name}"}
    name = f"{channel}_{message.name}"
    described = {
        "name": message.name,
        "summary": message.summary,
        "payload": shared if message in EVENTS else _titled(name, message.schema),
    }
    example: dict[str, Any] = {"payload": message.example}
    if channel == "sse":  # the fields of its frame beside `data`
        described["headers"] = _frame_schema(message) | {"title": f"{name}_headers"}
        example["headers"] = _frame_fields(message)
    return described | {"examples": [example]}


def _titled(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with titles: generators name models by them, and number those without."""
    fields = {
        field: described | {"title": f"{name}_{field}"} if "enum" in described else described
        for field, described in schema["properties"].items()
    }
    return schema | {"title": name, "properties": fields}


def _frame_schema(message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = {"event": {"type": "string", "const": message.name}}
    if "seq" in message.fields:
        fields["id"] = {"type": "string", "pattern": "^[0-9]+$", "description": "The `seq`."}
    return {
        "type": "object",
        "required": list(fields),
        "properties": fields,
        "additionalProperties": False,
    }


def _frame_fields(message: Message) -> dict[str, str]:
    position = {"id": str(message.example["seq"])} if "seq" in message.fields else {}
    return {"event": message.name} | position


def _operations(transport: doc.Transport) -> dict[str, Any]:
    """Name what the server does: it sends on each transport, and receives on two."""
    sent = [message.name for message in doc.shown_on(transport, _SENT)]
    operations = {f"follow_{transport.key}": {"action": "send"} | _part(transport.key, sent)}
    for message in doc.shown_on(transport, FROM_CLIENTS):
        receive = {"action": "receive"} | _part(transport.key, [message.name])
        answer = {"reply": _part(_ANSWERED_ON[transport.key], _ANSWERS)}
        operations[f"{message.name}_{transport.key}"] = receive | answer
    return operations


def _part(key: str, names: Iterable[str]) -> dict[str, Any]:
    channel = f"#/channels/{key}"
    return {
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in names],
    }
