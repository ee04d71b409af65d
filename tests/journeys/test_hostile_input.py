"""Every operation against every hostile input: never a 5xx, one shape, nothing stored."""

import contextlib
import http.client
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from werkzeug.datastructures import Headers

from tests.journeys.hostile import (
    METHODS,
    Attack,
    Target,
    body_attacks,
    head_attacks,
    method_attacks,
    size_attacks,
)
from tests.support.api import Api, Reply, User, succeed, through_http
from tests.support.asserts import assert_problem
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.tables import contents

KEPT = ("users", "sessions", "tasks", "events", "stream_heads", "idempotency_keys")


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
            assert_problem(reply, reply.status, reply.json["code"])
    except Exception as error:
        tally.wrong[f"{label}: {attack.name}"] = f"{error!r}"[:300]


def _say(reply: Reply) -> str:
    return f"{reply.status} {reply.body[:200]!r}"


@pytest.fixture
def user(module_server: Server) -> User:
    return Api(through_http(module_server.url)).register()


def targets(document: dict[str, Any], token: str) -> Iterator[Target]:
    """Yield every documented operation."""
    for path, item in document["paths"].items():
        for method in item.keys() & {name.lower() for name in METHODS}:
            content = item[method].get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            name = schema.get("$ref", "").rpartition("/")[2]
            properties = document["components"]["schemas"].get(name, schema).get("properties", {})
            own = {n: p for n, p in properties.items() if not p.get("readOnly")}
            yield Target(method.upper(), path, token, own)


Attacks = Callable[[Target], Iterable[Attack]]


def with_body(attacks: Attacks) -> Attacks:
    return lambda target: attacks(target) if target.properties else ()


@pytest.mark.parametrize(
    "attacks",
    [with_body(body_attacks), with_body(size_attacks), head_attacks],
    ids=["bodies", "sizes", "heads"],
)
def test_hostile_requests(
    module_server: Server, module_database: Database, user: User, attacks: Attacks
) -> None:
    document, tally = user.get("/openapi.json").json, Tally()
    user.create_task()
    for target in sorted(targets(document, user.access), key=lambda t: (t.path, t.method)):
        if attacks is head_attacks and "{" not in target.path and target.method != "GET":
            continue  # it would do as it is told: its head is in order
        before = contents(module_database)
        for attack in attacks(target):
            judge(module_server, f"{target.method} {target.path}", attack, tally)
        after = contents(module_database)
        for name in KEPT:
            assert after[name] == before[name], f"{target.method} {target.path} changed {name}"
    _conclude(module_server, tally)


def test_every_method_on_every_path(
    module_server: Server, module_database: Database, user: User
) -> None:
    document, tally = user.get("/openapi.json").json, Tally()
    paths = {path: {method.upper() for method in item} for path, item in document["paths"].items()}
    for path in ("/", "/docs", "/livez", "/readyz", "/ws/tasks/", "/nowhere"):
        paths[path] = {"GET"}
    before = contents(module_database)
    for path, allowed in paths.items():
        for attack in method_attacks(path, allowed):
            judge(module_server, "", attack, tally)
    assert contents(module_database) == before
    _conclude(module_server, tally)


def _conclude(server: Server, tally: Tally) -> None:
    print(f"\n{tally.tried} hostile inputs: {dict(sorted(tally.statuses.items()))}")
    assert server.running
    assert "Traceback" not in server.text()
    assert "unhandled_error" not in server.text()
    succeed(Api(through_http(server.url)).get("/livez"))
    assert not tally.wrong, "\n".join(f"{name}: {why}" for name, why in tally.wrong.items())
    assert tally.tried > 100
