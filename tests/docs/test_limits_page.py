"""The pages name limits with the numbers of the code: the defaults of settings, what is fixed."""

import re
from typing import NamedTuple

import pytest
from flask import Flask
from limits import parse_many

import config
from taskmaster.admin import views as admin
from taskmaster.core import compression, concurrency, parts
from taskmaster.core import limits as core_limits
from taskmaster.events.schemas import EventQuerySchema
from taskmaster.ops import arbiter, housekeeping
from taskmaster.streams import hub, notifier, subscription, token_bucket
from taskmaster.streams.socketio import adapter
from taskmaster.streams.websocket import connection
from taskmaster.streams.websocket import views as websocket
from tests.support.settings import ROOT

PAGE = (ROOT / "docs/limits.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
FIELDS = config.SettingsSchema().fields
LIMITS = [name for name, field in FIELDS.items() if isinstance(field, config.Limit)]
NUMBERS = ["TASKS_PER_USER", "SESSIONS_PER_USER", "HASHING_QUEUE", "EVENTS_KEEP_COUNT"]
NUMBERS += ["IDEMPOTENCY_BYTES_PER_USER"]
DAY = 24 * 3600  # seconds
KIB = 1024
(KEEPALIVE,) = map(
    int, re.findall(r"(?m)^keepalive = (\d+)", (ROOT / "gunicorn.conf.py").read_text())
)
MOST_EVENTS = EventQuerySchema().fields["limit"].validate.max  # type: ignore[union-attr]


def cell_after(name: str) -> str:
    (found,) = re.findall(rf"^\|[^|\n]*\|[^|\n]*`{name}`[^|\n]*\|([^|\n]*)\|", PAGE, re.MULTILINE)
    return str(found).strip()


@pytest.mark.parametrize("name", LIMITS)
def test_a_rate_is_its_default(name: str) -> None:
    assert parse_many(cell_after(name)) == FIELDS[name].load_default
    (example,) = re.findall(rf"^#{name}=(.*)$", EXAMPLE, re.MULTILINE)
    assert parse_many(example) == FIELDS[name].load_default


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_its_default(name: str) -> None:
    assert cell_after(name).split()[0] == f"{FIELDS[name].load_default:,}"


def test_days_are_their_defaults() -> None:
    default = {name: field.load_default for name, field in FIELDS.items()}
    events = f"{default['EVENTS_KEEP_COUNT']:,} or {default['EVENTS_KEEP_DAYS']} days"
    assert cell_after("EVENTS_KEEP_DAYS") == events
    access, refresh = (default[f"{kind}_TOKEN_SECONDS"] / DAY for kind in ("ACCESS", "REFRESH"))
    for name in ("ACCESS_TOKEN_SECONDS", "REFRESH_TOKEN_SECONDS"):
        assert cell_after(name) == f"{access:g} and {refresh:g} days"


def test_every_rate_is_checked() -> None:
    assert len(LIMITS) >= 6


class Fixed(NamedTuple):
    """A number that is no setting: a sentence about it, and what the code says."""

    page: str
    sentence: str  # `{}` for each number
    numbers: tuple[float, ...]


FIXED = [
    Fixed("limits", r"hashes of passwords[^|]*\|[^|]*\| {}, and {} that wait",
          (core_limits.AT_ONCE, core_limits.MAX_LINE)),
    Fixed("limits", r"registrations at the same moment[^|]*\|[^|]*\| {}, and {} that wait",
          (core_limits.AT_ONCE, core_limits.MAX_LINE)),
    Fixed("limits", r"A wait for a turn ends after {} s with 503", (core_limits.MAX_WAIT,)),
    Fixed("limits", r"a form of the admin pages \| {} KiB \|", (admin.MAX_FORM / KIB,)),
    Fixed("limits", r"head of a request, from the answer before it \| {} s;", (KEEPALIVE,)),
    Fixed("limits", r"the first message with the token \| {} s \|",
          (websocket.AUTHENTICATION_SECONDS,)),
    Fixed("limits", r"joining a Socket.IO namespace \| {} s \|", (adapter.MAX_JOINING,)),
    Fixed("limits", r"connections of a user, in a process \| {} \|", (hub.MAX_CONNECTIONS,)),
    Fixed("limits", r"a message from a client \| {} KiB, fragments",
          (connection.MAX_MESSAGE / KIB,)),
    Fixed("limits", r"frames from a client \| {} per second, {} at once",
          (token_bucket.FRAMES_PER_SECOND, token_bucket.MAX_FRAMES)),
    Fixed("limits", r"bytes from a client \| {} KiB per second, {} KiB at once",
          (token_bucket.BYTES_PER_SECOND / KIB, token_bucket.MAX_BYTES / KIB)),
    Fixed("limits", r"one write that the client does not read \| {} s, or {} events or {} MiB more",
          (subscription.MAX_BLOCKED, subscription.MAX_DUE, subscription.MAX_DUE_SIZE / KIB**2)),
    Fixed("limits", r"events in a page of a replay or a history \| 100; {} \|",
          (MOST_EVENTS,)),
    Fixed("limits", r"compressions of replies over {} KiB, that wait in a process, beside the {} ",
          (compression.MAX_INLINE / KIB, concurrency._THREADS)),
    Fixed("proxy", r"the head of a request may take {} s", (KEEPALIVE,)),
    Fixed("operations", r"some milliseconds later; up to {} wait", (arbiter.MAX_QUEUED,)),
    Fixed("operations", r"more than {} notifications wait for Redis", (notifier.MAX_QUEUED,)),
    Fixed("operations", r"in transactions of at most {} rows", (parts.DELETED,)),
]  # fmt: skip


def assert_says(fixed: Fixed) -> None:
    page = (ROOT / f"docs/{fixed.page}.md").read_text()
    (found,) = re.finditer(fixed.sentence.replace("{}", r"([\d,]+)").replace(" ", r"\s+"), page)
    assert found.groups() == tuple(f"{number:,.0f}" for number in fixed.numbers)


@pytest.mark.parametrize("fixed", FIXED, ids=lambda fixed: fixed.sentence[:40])
def test_a_fixed_number_is_that_of_the_code(fixed: Fixed) -> None:
    assert_says(fixed)


def test_pings_and_patience_are_those_of_the_code(app: Flask) -> None:
    engine = app.extensions["socketio"].server.eio
    silence = (connection.SILENCE, engine.ping_interval + engine.ping_timeout)
    line = r"silence of a client that is pinged \| {} s; on Socket.IO {} s"
    assert_says(Fixed("limits", line, silence))
    pings = (subscription.HEARTBEAT, engine.ping_interval)
    sentence = r"must outlive the pings \(every {} s; on Socket.IO {} s\)"
    assert_says(Fixed("proxy", sentence, pings))


def test_housekeeping_comes_at_least_once_an_hour() -> None:
    assert "by itself at least once an hour" in (ROOT / "docs/operations.md").read_text()
    assert housekeeping.HOUR == 3600
