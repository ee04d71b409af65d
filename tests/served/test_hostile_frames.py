"""The three streams against every hostile frame: no fault, no event, no other answer than ours."""

import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from socketio.packet import ACK, CONNECT_ERROR, EVENT, Packet
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from taskmaster.core.errors import ErrorCode
from taskmaster.streams.protocol import CloseReason
from tests.served.hostile import QUERIES, Attack, Target
from tests.served.hostile_frames import (
    BINARY,
    TASKS,
    TEXT,
    Sent,
    broken_frames,
    frame,
    messages,
    packets,
)
from tests.served.hostile_judge import Tally, conclude, judge
from tests.support.api import User
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.stage import BY_GUNICORN
from tests.support.stream_client import CONTROLS
from tests.support.streams import WebSocketClient
from tests.support.tables import contents
from tests.support.values import HANDSHAKE_LINES

pytestmark = pytest.mark.journey
SETUPS = BY_GUNICORN

SSE = "/api/v1/tasks/stream/"
PLAIN, SOCKET_IO = "/ws/tasks/", "/socket.io/?EIO=4&transport=websocket"
POLLING = SOCKET_IO.replace("websocket", "polling")
CODES = {None, 4999, 1000, 1002, 1003, 1005, 1007, 1009, *(closing.code for closing in CloseReason)}
SAID = {"connect", *CONTROLS}
SINCE = ("-1", "x", "1.5", "1e3", "0x1", "+1", "9" * 30, str(2**63), "", "1,2")


@dataclass
class Link:
    """A WebSocket of which every octet is ours, after the handshake."""

    server: Server
    path: str
    headers: tuple[str, ...] = ()
    received: list[str] = field(default_factory=list)
    code: int | None = None

    def converse(self, octets: bytes) -> None:
        """Send all, then nothing more ever; take in what is answered, to the end."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as link:
            link.sendall(self._handshake())
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += link.recv(4096) or b"\r\n\r\n"
            head, _, rest = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 "), head
            with contextlib.suppress(OSError):  # it may be cut before all is sent
                link.sendall(octets)
                link.shutdown(socket.SHUT_WR)
            self._take(rest + b"".join(self._rest_of(link)))

    def _handshake(self) -> bytes:
        lines = [f"GET {self.path} HTTP/1.1", "Host: 127.0.0.1", *HANDSHAKE_LINES, *self.headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    @staticmethod
    def _rest_of(link: socket.socket) -> Iterator[bytes]:
        with contextlib.suppress(ConnectionResetError):  # cut amid what was still being sent
            while octets := link.recv(65536):
                yield octets

    def _take(self, octets: bytes) -> None:
        connection = Connection(ConnectionType.CLIENT)
        connection.receive_data(octets)
        connection.receive_data(None)
        text = ""
        for event in connection.events():
            assert not isinstance(event, BytesMessage), event
            if isinstance(event, TextMessage):
                text += event.data
                if event.message_finished:
                    self.received.append(text)
                    text = ""
            elif isinstance(event, CloseConnection):
                self.code = event.code


def plain_name(text: str) -> str:
    """Return the name of a message; its codes must be documented ones."""
    body = json.loads(text)
    if body["action"] == "error":
        ErrorCode(body["code"])
    return str(body["action"])


def packet_name(text: str) -> str:
    """Return the name of an event in a packet, of a control packet that it is one."""
    assert text[0] in "012346", text
    if text[0] != "4":
        return "connect"
    packet: Any = Packet(encoded_packet=text[1:])
    if packet.packet_type == CONNECT_ERROR:
        ErrorCode(packet.data["data"]["code"])
    if packet.packet_type == ACK:
        (answer,) = packet.data
        return plain_name(json.dumps(answer))
    return str(packet.data[0]) if packet.packet_type == EVENT else "connect"


def attack(
    link: Link, sent: Sent, prefix: bytes, name_of: Callable[[str], str], tally: Tally
) -> None:
    """Send something after a proper beginning; note what came back, and what should not have."""
    tally.tried += 1
    try:
        link.converse(prefix + sent.octets)
        names = {name_of(text) for text in link.received}
        assert names <= SAID, names
        assert link.code in CODES, link.code
        tally.statuses.update(names & {"error", "stream_closed"} or {f"{link.code}"})
    except Exception as error:
        tally.wrong[f"{link.path} {sent.name}"] = f"{error!r}"[:300]


@pytest.fixture
def tally(server: Server, stream_database: Database, user: User) -> Iterator[Tally]:
    """A tally. In the end nothing is stored, nobody has heard of anything, and all goes on."""
    watcher, tally = WebSocketClient(server.url, user.access), Tally()
    watcher.wait("stream_ready")
    before = contents(stream_database)
    yield tally
    assert contents(stream_database) == before
    user.create_task()
    watcher.wait_for_events(1)
    assert [name for name, _ in watcher.received] == ["stream_ready", "task_create"]
    watcher.close()
    conclude(server, tally)


def bearer(user: User) -> str:
    return f"Authorization: Bearer {user.access}"


def join(user: User) -> bytes:
    """Return the packet that joins the namespace."""
    return f"40{TASKS},{json.dumps({'token': user.access})}".encode()


@pytest.mark.parametrize("octets", [broken_frames, messages])
@pytest.mark.parametrize("known", [True, False], ids=["authenticated", "first"])
def test_the_plain_websocket(
    server: Server, user: User, tally: Tally, known: bool, octets: Callable[[], Iterator[Sent]]
) -> None:
    headers = (bearer(user),) if known else ()
    for sent in octets():
        attack(Link(server, PLAIN, headers), sent, b"", plain_name, tally)


@pytest.mark.parametrize("joined", [True, False], ids=["joined", "open"])
def test_socket_io_over_a_websocket(server: Server, user: User, tally: Tally, joined: bool) -> None:
    prefix = frame(TEXT, join(user)) if joined else b""
    for sent in broken_frames():
        attack(Link(server, SOCKET_IO), sent, prefix, packet_name, tally)
    for name, packet in packets():
        for kind in (TEXT, BINARY):
            sent = Sent(f"{name} as {kind}", frame(kind, packet.encode()))
            attack(Link(server, SOCKET_IO), sent, prefix, packet_name, tally)


@pytest.mark.parametrize("joined", [True, False], ids=["joined", "open"])
def test_socket_io_over_polling(server: Server, user: User, tally: Tally, joined: bool) -> None:
    for name, packet in packets():
        opened = user.get(POLLING).body
        mine = f"{POLLING}&sid={json.loads(opened[1:])['sid']}"
        target = Target("POST", mine, "x", {})
        if joined:
            assert user.post(mine, data=join(user)).status == 200
        judge(server, "polling", Attack(name, target.request(body=packet.encode())), tally)
        judge(server, "polling", Attack("the end", target.request(body=b"1")), tally)


def opening(url: str, target: Target) -> Iterator[Attack]:
    """Yield requests for a stream that can hardly be meant."""
    glue = "&" if "?" in url else "?"
    for query in (*QUERIES, *(f"since={text}" for text in SINCE), "sid=x", "j=x", "EIO=5"):
        yield Attack(query, target.request(url=url + glue + query))
        yield Attack(f"{query}, upgrade", target.request(*HANDSHAKE_LINES, url=url + glue + query))
    for since in (*SINCE, "\xff", "x" * 5000):
        sent = target.request(f"Last-Event-ID: {since}", *HANDSHAKE_LINES)
        yield Attack(f"Last-Event-ID {since[:20]}", sent)
    for missing in HANDSHAKE_LINES:
        rest = [header for header in HANDSHAKE_LINES if header != missing]
        for value in ("", "x", "\xff", "13, 8", "websocket, x", "x" * 5000):
            changed = f"{missing.partition(':')[0]}: {value}"
            yield Attack(changed[:40], target.request(*rest, changed))
    for header in ("Sec-WebSocket-Protocol: \xff", "Sec-WebSocket-Extensions: x; =",
                   "Sec-WebSocket-Extensions: permessage-deflate", "Content-Length: 5",
                   "Transfer-Encoding: chunked", "Origin: ", "Origin: \xff"):  # fmt: skip
        yield Attack(header, target.request(*HANDSHAKE_LINES, header))
    for after in (b"GET / HTTP/1.1\r\n\r\n", b"\0" * 5000, b"\xff\xfe\r\n\r\n"):
        yield Attack(f"then {after[:9]!r}", target.request() + after)


def test_what_opens_a_stream(server: Server, user: User, tally: Tally) -> None:
    for url in (PLAIN, SOCKET_IO, POLLING, SSE):
        for sent in opening(url, Target("GET", url, user.access, {})):
            judge(server, url, sent, tally)
