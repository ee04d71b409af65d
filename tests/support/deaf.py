"""Clients that do not read, and what they cost the serving process."""

import contextlib
import json
import os
import socket
from pathlib import Path

from tests.support.api import User
from tests.support.server import Server
from tests.support.values import HANDSHAKE_LINES
from tests.support.waiting import wait_until


def memory(server: Server) -> int:
    """Return the resident memory of the serving process in KiB."""
    (worker,) = server.children()
    status = Path(f"/proc/{worker}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def processor_seconds(server: Server) -> float:
    """Return how long the serving process has had a processor."""
    (worker,) = server.children()
    fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Deaf:
    """A client of some transport that stops to read once it is let in, or ready if it is live."""

    def __init__(
        self, server: Server, user: User, transport: str, since: int | None = None
    ) -> None:
        self._since = {} if since is None else {"since": since}
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", server.port))
        path = {
            "sse": "/api/v1/tasks/stream/",
            "websocket": "/ws/tasks/",
            "socketio": "/socket.io/?EIO=4&transport=websocket",
        }[transport]
        if self._since and transport != "socketio":
            path += f"?since={since}"
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {user.access}\r\n"
        if transport != "sse":
            head += "".join(f"{line}\r\n" for line in HANDSHAKE_LINES)
        self.socket.sendall(head.encode() + b"\r\n")
        self.read_until(b"\r\n\r\n")
        if transport == "socketio":
            self._join(user)
        if not self._since:
            self.read_until(b"stream_ready")

    def read_until(self, end: bytes) -> None:
        answer = b""
        while end not in answer:
            data = self.socket.recv(1)
            assert data, answer
            answer += data

    def _join(self, user: User) -> None:
        text = f"40/ws/tasks,{json.dumps({'token': user.access} | self._since)}".encode()
        length = bytes([0x80 | 126]) + len(text).to_bytes(2, "big")
        self.socket.sendall(b"\x81" + length + bytes(4) + text)  # masked by zeros

    @property
    def unread(self) -> int:
        """How many bytes of the server's wait on the way (Linux)."""
        ends = f"{self.socket.getpeername()[1]:04X} 0100007F:{self.socket.getsockname()[1]:04X}"
        lines = Path("/proc/net/tcp").read_text().splitlines()
        # The kernel may print a line again where a socket comes or goes meanwhile: the last counts.
        *_, line = (each for each in lines if ends in each)
        return int(line.split()[4].split(":")[0], 16)

    def wait_until_blocked(self) -> None:
        """Wait until no more goes on the way: for half a second it was as much."""
        seen: list[int] = []

        def stands_still() -> bool:
            seen.append(self.unread)
            return seen[-1] > 0 and seen[-6:] == 6 * seen[-1:]

        wait_until(stands_still, every=0.1, what="a blocked write")

    def close(self) -> None:
        self.socket.close()

    def drain(self) -> int:
        """Read what was on the way, to the end; return how much."""
        self.socket.settimeout(10)
        size = 0
        with contextlib.suppress(ConnectionResetError):
            while data := self.socket.recv(65536):
                size += len(data)
        self.socket.close()
        return size
