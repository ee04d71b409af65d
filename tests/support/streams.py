"""Clients of the three transports with one face: they collect what comes, in order."""

import json
import threading
from collections.abc import Callable
from typing import Any

import requests
import socketio
import websocket

from tests.support.waiting import wait_until

NAMESPACE = "/ws/tasks"
ACTIONS = ("task_create", "task_update", "task_delete")
CONTROLS = ("stream_ready", "stream_reset", "stream_closed", "token_expiring", "authenticated",
            "error")  # fmt: skip


class RefusedError(Exception):
    """The server did not let the client in; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class StreamClient:
    """What a client has received. Connects when it is made; raises RefusedError."""

    def __init__(self, url: str, token: str | None, since: Any = None) -> None:
        self.url, self.token, self.since = url, token, since
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


class SocketIOClient(StreamClient):
    transports: tuple[str, ...] = ("websocket",)

    def connect(self) -> None:
        self.client = socketio.Client(reconnection=False)
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
                transports=list(self.transports),
            )
        except socketio.exceptions.ConnectionError as error:
            self.client.shutdown()
            body = refusals[0] if refusals else str(error)
            raise RefusedError(body["data"]["code"] if isinstance(body, dict) else body) from None

    def _collector(self, name: str) -> Callable[..., None]:
        return lambda body: self.received.append((name, body))

    def authenticate(self, token: str) -> Any:
        return self.client.call("authenticate", {"token": token}, namespace=NAMESPACE, timeout=5)

    def close(self) -> None:
        self.client.shutdown()


class PollingClient(SocketIOClient):
    transports = ("polling",)


class WebSocketClient(StreamClient):
    in_header = True

    def connect(self) -> None:
        url = self.url.replace("http", "ws", 1) + "/ws/tasks/"
        query = "" if self.since is None or not self.in_header else f"?since={self.since}"
        headers = [f"Authorization: {self.token}"] if self.token and self.in_header else []
        self.code: int | None = None
        try:
            self.socket = websocket.create_connection(url + query, header=headers, timeout=30)
        except websocket.WebSocketBadStatusException as error:
            raise RefusedError(json.loads(error.resp_body)["code"]) from None
        if not self.in_header:
            self.send({"action": "authenticate", "token": self.token, "since": self.since})
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, body: Any) -> None:
        self.socket.send(json.dumps(body))

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
        self.socket.close(timeout=1)


class BrowserWebSocketClient(WebSocketClient):
    in_header = False


class SSEClient(StreamClient):
    resume_header = True

    def connect(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if self.since is not None:
            headers["Last-Event-ID"] = str(self.since)
        session = requests.Session()
        session.trust_env = False
        self.response = session.get(
            f"{self.url}/api/v1/tasks/stream/", headers=headers, stream=True, timeout=(10, 60)
        )
        if self.response.status_code != 200:
            raise RefusedError(self.response.json()["code"])
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        fields: dict[str, str] = {}
        try:
            for line in self.response.iter_lines(chunk_size=1):
                if line:
                    name, _, value = line.decode().partition(": ")
                    fields[name] = value
                elif "event" in fields:
                    body = json.loads(fields["data"])
                    assert fields.get("id") == (str(body["seq"]) if "action" in body else None)
                    self.received.append((fields["event"], body))
                    fields = {}
        except (requests.RequestException, AttributeError, OSError):
            pass  # the connection was cut
        self.ended.set()

    def close(self) -> None:
        self.response.close()


TRANSPORTS: dict[str, type[StreamClient]] = {
    "socketio": SocketIOClient,
    "websocket": WebSocketClient,
    "sse": SSEClient,
}
