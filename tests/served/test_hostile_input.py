"""Every operation against every hostile input: never a 5xx, one shape, nothing stored."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from tests.served.hostile import (
    METHODS,
    Attack,
    Target,
    body_attacks,
    head_attacks,
    method_attacks,
    size_attacks,
)
from tests.served.hostile_judge import Tally, conclude, judge
from tests.support.api import User
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.stage import BY_GUNICORN
from tests.support.tables import contents

pytestmark = pytest.mark.journey
SETUPS = BY_GUNICORN

KEPT = ("users", "sessions", "tasks", "events", "stream_heads", "idempotency_keys")


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
    server: Server, stream_database: Database, user: User, attacks: Attacks
) -> None:
    document, tally = user.get("/openapi.json").json, Tally()
    user.create_task()
    for target in sorted(targets(document, user.access), key=lambda t: (t.path, t.method)):
        if attacks is head_attacks and "{" not in target.path and target.method != "GET":
            continue  # it would do as it is told: its head is in order
        before = contents(stream_database)
        for attack in attacks(target):
            judge(server, f"{target.method} {target.path}", attack, tally)
        after = contents(stream_database)
        for name in KEPT:
            assert after[name] == before[name], f"{target.method} {target.path} changed {name}"
    conclude(server, tally)


def test_every_method_on_every_path(server: Server, stream_database: Database, user: User) -> None:
    document, tally = user.get("/openapi.json").json, Tally()
    paths = {path: {method.upper() for method in item} for path, item in document["paths"].items()}
    for path in ("/", "/docs", "/livez", "/readyz", "/ws/tasks/", "/nowhere"):
        paths[path] = {"GET"}
    before = contents(stream_database)
    for path, allowed in paths.items():
        for attack in method_attacks(path, allowed):
            judge(server, "", attack, tally)
    assert contents(stream_database) == before
    conclude(server, tally)
