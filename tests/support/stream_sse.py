"""A client of the server-sent events."""

import contextlib
import http.client
import json
import socket
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers

from tests.support.api import Reply
from tests.support.stream_client import RefusedError, StreamClient, start_thread


class SSEClient(StreamClient):
    def connect(self) -> None:
        self.frames: list[dict[str, str]] = []  # what each message had beside its data
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if self.since is not None:
            headers["Last-Event-ID"] = str(self.since)
        if self.origin:
            headers["Origin"] = self.origin
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        with contextlib.ExitStack() as undo:
            undo.callback(connection.close)
            connection.connect()
            self._socket = connection.sock
            connection.request("GET", "/api/v1/tasks/stream/", headers=headers)
            self.response = connection.getresponse()
            if self.response.status != 200:
                given = Headers(self.response.getheaders())
                raise RefusedError(Reply(self.response.status, given, self.response.read()))
            undo.pop_all()
        self._reader = start_thread(self._read)

    def _read(self) -> None:
        fields: dict[str, str] = {}
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError), self.response:
            for line in self.response:
                if text := line.decode().rstrip("\n"):
                    name, _, value = text.partition(": ")
                    fields[name] = value
                elif "event" in fields:
                    body = json.loads(fields.pop("data"))
                    assert fields.get("id") == (str(body["seq"]) if "seq" in body else None)
                    self.frames.append(fields)
                    self.received.append((fields["event"], body))
                    fields = {}
        self.ended.set()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._reader.join(5)
        self._socket.close()
