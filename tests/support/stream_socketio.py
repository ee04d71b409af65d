"""A client of the Socket.IO namespace: python-socketio, over either transport."""

import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import socketio

from tests.support.stream_client import ACTIONS, CONTROLS, NAMESPACE, RefusedError, StreamClient
from tests.support.stream_websocket import send_fragments
from tests.support.waiting import wait_until

quiet = logging.getLogger("tests.engineio")  # its threads may outlive the test, and pytest's stderr
quiet.disabled = True


def in_order(engine: Any) -> None:
    """Have one thing done after the other, where the library's threads race.

    It handles each message in a thread of its own. And it sends no goodbye while a POST is under
    way, but waits for its poll, which the server ends after ten seconds.
    """
    trigger, disconnect = engine._trigger_event, engine.disconnect
    engine._trigger_event = lambda *args, **_: trigger(*args, run_async=False)

    def disconnect_when_all_is_sent(**options: Any) -> None:
        with contextlib.suppress(AssertionError):  # it has stopped sending
            wait_until(lambda: not (engine.write_loop_task and engine.queue.unfinished_tasks), 1)
        disconnect(**options)

    engine.disconnect = disconnect_when_all_is_sent


def close_engine(engine: Any) -> None:
    """Close an engine.io client with all that it holds."""
    engine.disconnect()
    if engine.http is not None:
        engine.http.close()


def _code(refusal: Any) -> str:
    """Return the code of a refusal: of the namespace, or as a problem, of the URL itself."""
    return str(refusal.get("data", refusal)["code"] if isinstance(refusal, dict) else refusal)


class SocketIOClient(StreamClient):
    transports: tuple[str, ...] = ("websocket",)

    def connect(self) -> None:
        origin = {"origin": self.origin} if self.origin else {}
        options: dict[str, Any] = origin | self._own_socket()
        self.client = socketio.Client(
            reconnection=False,
            request_timeout=30,
            websocket_extra_options=options,
            engineio_logger=quiet,
        )
        in_order(self.client.eio)
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
                wait_timeout=10,
            )
        except socketio.exceptions.ConnectionError as error:
            self.close()
            raise RefusedError(_code(refusals[0] if refusals else str(error))) from None

    def _own_socket(self) -> dict[str, Any]:
        """Open what we close: the library forgets it when both sides end it at once."""
        address = urlsplit(self.url)
        if "websocket" not in self.transports:
            self._link = socket.socket()
            return {}
        self._link = socket.create_connection((address.hostname, address.port))
        return {"socket": self._link}

    def _collector(self, name: str) -> Callable[..., None]:
        return lambda body: self.received.append((name, body))

    def authenticate(self, token: str) -> Any:
        return self.client.call("authenticate", {"token": token}, namespace=NAMESPACE, timeout=30)

    def nonsense(self) -> int:
        """Send what is not understood; return how many answers are due."""
        engine, deep = self.client.eio, "[" * 20_000
        self.client.emit("task_create", {"title": "x"}, namespace=NAMESPACE)
        self.client.emit("blob", b"x", namespace=NAMESPACE)
        frames = [f"2{NAMESPACE},nonsense", f"2{NAMESPACE},{deep}", "9", "5", ""]
        frames += [f'2{NAMESPACE},["{name}", "x"]' for name in ("connect", "disconnect")]
        frames += ['23["authenticate",{}]', '2/nowhere,3["x"]', '51-["x",{"_placeholder":true}]']
        for frame in frames:
            engine.send(frame)
        if "websocket" in self.transports:
            for frame in ("", "x", f"4{deep}", "0", "2probe", "6", "7", "9"):
                engine.ws.send(frame)
                frames.append(frame)
        return 3 + len(frames)  # the event, the binary one and its attachment

    def flood(self, frames: int, size: int) -> None:
        for _ in range(frames):
            with contextlib.suppress(socketio.exceptions.BadNamespaceError):
                self.client.emit("flood", "x" * size, namespace=NAMESPACE)

    def send_fragments(self, count: int, text: str) -> None:
        send_fragments(self.client.eio.ws, count, text)

    def close(self) -> None:
        self.client.shutdown()
        close_engine(self.client.eio)
        self._link.close()


class PollingClient(SocketIOClient):
    transports = ("polling",)
