"""Callers as a server behind a proxy sees them, each from an address of its own."""

import http.client
import random
from collections import Counter
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.datastructures import Headers

from tests.support.api import Reply
from tests.support.stream_journey import FAILURES

PATIENCE = 60  # seconds until a caller gives up
_chance = random.Random()  # noqa: S311 - not a secret


def some_address() -> str:
    """Return an address that hardly anybody else has."""
    return ".".join(str(_chance.randrange(1, 255)) for _ in range(4))


class Caller:
    """One connection that is kept open; `carry` is a transport for `tests.support.api`.

    It comes from one address, or from another each time if it has many. `answers` counts what
    came back by status, 0 standing for none.
    """

    def __init__(
        self, url: str, answers: Counter[int] | None = None, many_addresses: bool = False
    ) -> None:
        server = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            server.hostname or "", server.port, timeout=PATIENCE
        )
        self._answers = Counter[int]() if answers is None else answers
        self._address, self._many = some_address(), many_addresses

    def carry(self, method: str, path: str, **options: Any) -> Reply:
        """Send a request and return the answer. Raise one of FAILURES where there is none."""
        if options.get("params"):
            path += "?" + urlencode(options["params"], doseq=True)
        headers = {"X-Forwarded-For": self.address} | dict(options.get("headers") or {})
        try:
            self._connection.request(method, path, options.get("data"), headers)
            with self._connection.getresponse() as answer:
                reply = Reply(answer.status, Headers(answer.getheaders()), answer.read())
        except FAILURES:
            self._connection.close()
            self._answers[0] += 1
            raise
        self._answers[reply.status] += 1
        return reply

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    @property
    def address(self) -> str:
        """The address that the proxy names."""
        return some_address() if self._many else self._address
