"""Socket.IO over polling by hand: what is asked, and when, is up to the test."""

import json
from typing import Any

from tests.support.api import Reply, User
from tests.support.stream_client import NAMESPACE

OPEN = "/socket.io/?EIO=4&transport=polling"
SEPARATOR = "\x1e"  # between the packets of one reply


class ManualPolling:
    """A connection of a user that joins the namespace."""

    def __init__(self, user: User, since: int | None = None) -> None:
        self._user = user
        self._auth = {"token": user.access} | ({} if since is None else {"since": since})
        opened = json.loads(user.get(OPEN).body[1:])
        self.sid: str = opened["sid"]
        self.join()

    def join(self) -> None:
        """Ask to be let into the namespace."""
        self.post(f"40{NAMESPACE},{json.dumps(self._auth)}")

    def close(self) -> None:
        """Do nothing: between two requests there is no connection."""

    def post(self, packet: str) -> None:
        """Post a packet, which must be taken in."""
        reply = self._user.post(f"{OPEN}&sid={self.sid}", data=packet.encode())
        assert (reply.status, reply.body) == (200, b"OK")

    def poll(self) -> Reply:
        """Poll once. It waits until the server has something to say."""
        return self._user.get(f"{OPEN}&sid={self.sid}")

    def packets(self) -> list[str]:
        """Poll once; return the packets of the reply."""
        reply = self.poll()
        assert reply.status == 200, reply.body
        return reply.body.decode().split(SEPARATOR)

    def wait(self, name: str) -> Any:
        """Poll until an event of this name comes; return its argument."""
        start = f'42{NAMESPACE},["{name}",'
        while True:
            for packet in self.packets():
                if packet.startswith(start):
                    return json.loads(packet[len(start) : -1])
