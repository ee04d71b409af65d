"""Clients of the plain WebSocket, with the token in a header or in the first message."""

import contextlib
import json
import socket
from typing import Any

import websocket
from werkzeug.datastructures import Headers

from tests.support.api import Reply
from tests.support.stream_client import RefusedError, StreamClient, start_thread
from tests.support.waiting import wait_until


def send_fragments(link: websocket.WebSocket, count: int, text: str) -> None:
    """Send a message that never ends, the same text again and again."""
    for number in range(count):
        opcode = websocket.ABNF.OPCODE_CONT if number else websocket.ABNF.OPCODE_TEXT
        frame = websocket.ABNF(0, 0, 0, 0, opcode, 1, text.encode())
        try:
            link.send_frame(frame)
        except (OSError, websocket.WebSocketException):
            return


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
            given = Headers(error.resp_headers or {})
            raise RefusedError(Reply(error.status_code, given, error.resp_body or b"")) from None
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

    def send_fragments(self, count: int, text: str) -> None:
        send_fragments(self.socket, count, text)

    def authenticate(self, token: str) -> Any:
        before = len(self.of("authenticated", "error"))
        self.send({"action": "authenticate", "token": token})
        wait_until(lambda: len(self.of("authenticated", "error")) > before, 30, what="an answer")
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
