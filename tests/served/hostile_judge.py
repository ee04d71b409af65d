"""Send hostile requests to a real server, and judge what comes back."""

import contextlib
import http.client
import socket
from collections import Counter
from dataclasses import dataclass, field

from werkzeug.datastructures import Headers

from taskmaster.core.errors import ErrorCode
from tests.served.hostile import Attack
from tests.support.api import Api, Reply, succeed, through_http
from tests.support.asserts import assert_problem
from tests.support.server import Server

# HTTP has statuses of its own for a head that asks too much; their code is this one.
STATUSES = {ErrorCode.MALFORMED_REQUEST: {400, 414, 417, 431}}


@dataclass
class Tally:
    """What was tried, what came back, and what should not have."""

    tried: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)


def send(server: Server, request: bytes, method: str) -> Reply | None:
    """Send bytes on a connection of their own; None where the server just closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)  # it may be refused before all of it was sent
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)  # what was promised and not sent never comes
        try:
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            endless = response.getheader("Content-Type", "").startswith("text/event-stream")
            body = b"" if endless else response.read()
            return Reply(response.status, Headers(response.getheaders()), body)
        except (http.client.HTTPException, ConnectionResetError, TimeoutError) as error:
            return None if isinstance(error, http.client.BadStatusLine) else _broken(error)


def _broken(error: Exception) -> Reply:
    """Stand for no proper answer, so that it is reported as what is wrong."""
    return Reply(599, Headers(), repr(error).encode())


def judge(server: Server, label: str, attack: Attack, tally: Tally) -> None:
    """Send a request; note what came back, and what should not have."""
    method = attack.request.split(b" ", 1)[0].decode("latin-1")
    reply = send(server, attack.request, method)
    tally.tried += 1
    tally.statuses[str(reply.status) if reply else "closed"] += 1
    try:
        if not attack.readable and (reply is None or 400 <= reply.status < 500):
            return
        assert reply, "closed without an answer"
        assert reply.status < 500, reply.body
        assert not attack.statuses or reply.status in attack.statuses, _say(reply)
        assert "Set-Cookie" not in reply.headers
        assert b"evil.example" not in reply.body
        if reply.status >= 400 and method != "HEAD":
            code = ErrorCode(assert_problem(reply, reply.status, reply.json["code"])["code"])
            assert reply.status in STATUSES.get(code, {code.status}), _say(reply)
    except Exception as error:
        tally.wrong[f"{label}: {attack.name}"] = f"{error!r}"[:300]


def _say(reply: Reply) -> str:
    return f"{reply.status} {reply.body[:200]!r}"


def conclude(server: Server, tally: Tally) -> None:
    """Say how many inputs were tried; fail if one was not taken well."""
    print(f"\n{tally.tried} hostile inputs: {dict(sorted(tally.statuses.items()))}")
    assert server.running
    assert "Traceback" not in server.text()
    assert "unhandled_error" not in server.text()
    succeed(Api(through_http(server.url)).get("/livez"))
    assert not tally.wrong, "\n".join(f"{name}: {why}" for name, why in tally.wrong.items())
    assert tally.tried > 100
