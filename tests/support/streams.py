"""Clients of the three transports with one face: they collect what comes, in order."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import socketio
import websocket

from tests.support.waiting import wait_until

NAMESPACE = "/ws/tasks"
ACTIONS = ("task_create", "task_update", "task_delete")
CONTROLS = ("stream_ready", "stream_reset", "stream_closed", "token_expiring", "authenticated",
            "error")  # fmt: skip


def start_thread(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    return thread


class RefusedError(Exception):
    """The server did not let the client in; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class StreamClient:
    """What a client has received. Connects when it is made; raises RefusedError."""

    in_header = True  # the token, and so a refusal before anything else

    def __init__(
        self,
        url: str,
        token: str | None,
        since: Any = None,
        origin: str | None = None,
        silent: bool = False,
    ) -> None:
        self.url, self.token, self.since = url, token, since
        self.origin, self.silent = origin, silent
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.ended = threading.Event()
        self.connect()

    def connect(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def of(self, *names: str) -> list[dict[str, Any]]:
        """Return the bodies of the messages with one of these names."""
        return [body for name, body in tuple(self.received) if name in names]

    @property
    def events(self) -> list[dict[str, Any]]:
        return self.of(*ACTIONS)

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    def wait(self, name: str, seconds: float = 10) -> dict[str, Any]:
        """Return the first message of a name, once it is there."""
        wait_until(lambda: self.of(name), seconds, what=f"{name}, after {self.received[-3:]}")
        return self.of(name)[0]

    def wait_for_events(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        """Return the events, once there are that many."""
        wait_until(lambda: len(self.events) >= count, seconds, what=f"{count} events")
        return self.events

    def wait_for_end(self, seconds: float = 10) -> None:
        assert self.ended.wait(seconds), "the connection was not ended"


def close_engine(engine: Any) -> None:
    """Close what python-engineio forgets when both sides end a connection at once."""
    link = getattr(engine.ws, "sock", None)
    engine.disconnect()
    if link is not None:
        link.close()
    if engine.http is not None:
        engine.http.close()


def send_fragments(link: websocket.WebSocket, count: int, size: int) -> int:
    """Send a message that never ends; return how many bytes went out."""
    for number in range(count):
        opcode = websocket.ABNF.OPCODE_CONT if number else websocket.ABNF.OPCODE_TEXT
        frame = websocket.ABNF(0, 0, 0, 0, opcode, 1, "x" * size)
        try:
            link.send_frame(frame)
        except (OSError, websocket.WebSocketException):
            return number * size
    return count * size


class SocketIOClient(StreamClient):
    transports: tuple[str, ...] = ("websocket",)

    def connect(self) -> None:
        origin = {"origin": self.origin} if self.origin else {}
        self.client = socketio.Client(reconnection=False, websocket_extra_options=origin)
        refusals: list[Any] = []
        for name in (*ACTIONS, *CONTROLS):
            self.client.on(name, self._collector(name), namespace=NAMESPACE)
        self.client.on("connect_error", refusals.append, namespace=NAMESPACE)
        self.client.on("disconnect", lambda *_: self.ended.set(), namespace=NAMESPACE)
        auth = {"token": self.token, "since": self.since}
        try:
            self.client.connect(
                self.url,
                auth={key: value for key, value in auth.items() if value is not None},
                namespaces=[NAMESPACE],
                headers=origin if self.transports == ("polling",) else {},
                transports=list(self.transports),
            )
        except socketio.exceptions.ConnectionError as error:
            self.close()
            body = refusals[0] if refusals else str(error)
            raise RefusedError(body["data"]["code"] if isinstance(body, dict) else body) from None

    def _collector(self, name: str) -> Callable[..., None]:
        return lambda body: self.received.append((name, body))

    def authenticate(self, token: str) -> Any:
        return self.client.call("authenticate", {"token": token}, namespace=NAMESPACE, timeout=5)

    def nonsense(self) -> int:
        """Send what is not understood; return how many answers are due."""
        engine, deep = self.client.eio, "[" * 20_000
        self.client.emit("task_create", {"title": "x"}, namespace=NAMESPACE)
        self.client.emit("blob", b"x", namespace=NAMESPACE)
        frames = [f"2{NAMESPACE},nonsense", f"2{NAMESPACE},{deep}", "9", "5", ""]
        for frame in frames:
            engine.send(frame)
        if "websocket" in self.transports:
            for frame in ("", "x", f"4{deep}"):
                engine.ws.send(frame)
                frames.append(frame)
        return 2 + len(frames)

    def flood(self, frames: int, size: int) -> None:
        for _ in range(frames):
            with contextlib.suppress(socketio.exceptions.BadNamespaceError):
                self.client.emit("flood", "x" * size, namespace=NAMESPACE)

    def send_fragments(self, count: int, size: int) -> None:
        send_fragments(self.client.eio.ws, count, size)

    def close(self) -> None:
        self.client.shutdown()
        close_engine(self.client.eio)


class PollingClient(SocketIOClient):
    transports = ("polling",)


class WebSocketClient(StreamClient):
    def connect(self) -> None:
        url = self.url.replace("http", "ws", 1) + "/ws/tasks/"
        query = "" if self.since is None or not self.in_header else f"?since={self.since}"
        headers = [f"Authorization: {self.token}"] if self.token and self.in_header else []
        self.code: int | None = None
        try:
            self.socket = websocket.create_connection(
                url + query,
                header=headers,
                timeout=60,
                origin=self.origin,
                suppress_origin=not self.origin,
            )
        except websocket.WebSocketBadStatusException as error:
            raise RefusedError(json.loads(error.resp_body or b"")["code"]) from None
        if not self.in_header and not self.silent:
            self.send({"action": "authenticate", "token": self.token, "since": self.since})
        self._link: Any = self.socket.sock
        self._reader = start_thread(self._read)

    def send(self, body: Any) -> None:
        self.socket.send(json.dumps(body))

    def nonsense(self) -> int:
        """Send what is not understood; return how many answers are due."""
        frames = ["", "x", "[]", "null", '{"action": "no"}', "[" * 20_000, '{"action": ["x"]}']
        for frame in frames:
            self.socket.send(frame)
        self.socket.send_binary(b"x")
        return len(frames) + 1

    def flood(self, frames: int, size: int) -> None:
        with contextlib.suppress(OSError, websocket.WebSocketException):
            for _ in range(frames):
                self.socket.send("x" * size)

    def send_fragments(self, count: int, size: int) -> None:
        send_fragments(self.socket, count, size)

    def authenticate(self, token: str) -> Any:
        before = len(self.of("authenticated", "error"))
        self.send({"action": "authenticate", "token": token})
        wait_until(lambda: len(self.of("authenticated", "error")) > before, 5, what="an answer")
        return self.of("authenticated", "error")[-1]

    def _read(self) -> None:
        try:
            while True:
                opcode, data = self.socket.recv_data()
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    self.code = int.from_bytes(data[:2], "big")
                    break
                body = json.loads(data)
                self.received.append((body["action"], body))
        except (OSError, websocket.WebSocketException, ValueError):
            self.code = self.code or 1006
        self.ended.set()

    def close(self) -> None:
        with contextlib.suppress(OSError, AttributeError):  # it may be closed already
            self._link.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self._link.close()


class BrowserWebSocketClient(WebSocketClient):
    in_header = False


class SSEClient(StreamClient):
    def connect(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if self.since is not None:
            headers["Last-Event-ID"] = str(self.since)
        if self.origin:
            headers["Origin"] = self.origin
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        connection.connect()
        self._socket = connection.sock
        connection.request("GET", "/api/v1/tasks/stream/", headers=headers)
        self.response = connection.getresponse()
        if self.response.status != 200:
            code = json.loads(self.response.read())["code"]
            connection.close()
            raise RefusedError(code)
        self._reader = start_thread(self._read)

    def _read(self) -> None:
        fields: dict[str, str] = {}
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError), self.response:
            for line in self.response:
                if text := line.decode().rstrip("\n"):
                    name, _, value = text.partition(": ")
                    fields[name] = value
                elif "event" in fields:
                    body = json.loads(fields["data"])
                    assert fields.get("id") == (str(body["seq"]) if "action" in body else None)
                    self.received.append((fields["event"], body))
                    fields = {}
        self.ended.set()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self._socket.close()


TRANSPORTS: dict[str, type[StreamClient]] = {
    "socketio": SocketIOClient,
    "websocket": WebSocketClient,
    "sse": SSEClient,
}
