"""The rows of streams. Each returns named figures; lags are in milliseconds."""

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Sequence

from . import usage
from .http import RefusedError
from .load import percentile
from .servers.base import Account, Server
from .sockets import Audience

Figures = dict[str, float]
PATIENCE = 10  # seconds after the last call, by which an event has arrived or is missing


async def post_to_event(server: Server, seconds: float) -> Figures:
    """One user with one socket: how long a POST takes, and until its event is there."""
    account, posts = server.accounts[0], list[float]()
    async with Audience(server) as audience:
        caller = audience.caller(account)
        await audience.open([account])
        for _ in range(5):
            await caller.create()
        assert await audience.receive(5), f"{len(audience.lags)} of 5 arrived"
        audience.lags.clear()
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            posts.append(await caller.create())
            assert await audience.receive(len(posts)), "an event did not arrive"
        return _spread("POST ", posts) | _spread("event ", audience.lags)


async def fan_out(server: Server, seconds: float, users: int, sockets: int) -> Figures:
    """One event to each of some users at once: how long until their last socket has its own."""
    accounts, lags, events = server.accounts[:users], list[float](), 0
    async with Audience(server) as audience:
        callers = [audience.caller(account) for account in accounts]
        await audience.open(list(accounts) * (sockets // users))
        await asyncio.gather(*(caller.create() for caller in callers))
        assert await audience.receive(sockets), f"{len(audience.lags)} of {sockets} arrived"
        usage.wait_until_idle(server.process.pid)
        cpu = usage.cpu_seconds(server.process.pid)
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline or not events:
            audience.lags.clear()
            await asyncio.gather(*(caller.create() for caller in callers))
            assert await audience.receive(sockets), f"{len(audience.lags)} of {sockets} arrived"
            lags.append(max(audience.lags))
            events += users
        cpu = usage.cpu_seconds(server.process.pid) - cpu
    return _spread("last socket ", lags) | {"CPU ms an event": cpu / events * 1000}


async def idle(server: Server, sockets: int) -> Figures:
    """Sockets on which nothing happens: what each weighs."""
    usage.wait_until_idle(server.process.pid)
    before = sum(usage.memory(server.process.pid))
    async with Audience(server) as audience:
        await audience.open(server.accounts[:50] * (sockets // 50))
        usage.wait_until_idle(server.process.pid)
        grown = sum(usage.memory(server.process.pid)) - before
    return {"KiB a connection": grown * 1024 / sockets}


async def replay(server: Server, events: int) -> Figures:
    """A client that was away: how long until it has what it missed."""
    if not server.replays:
        return {}
    account = server.accounts[150]
    async with Audience(server) as writing:
        caller = writing.caller(account)
        for _ in range(events // 100):
            await caller.create(100)
    usage.wait_until_idle(server.process.pid)
    begun = time.perf_counter()
    async with Audience(server) as audience:
        await audience.open([account], since=0)
        assert await audience.receive(events), f"{len(audience.lags)} of {events} arrived"
        seconds = time.perf_counter() - begun
    return {"events": events, "seconds": seconds, "events a second": events / seconds}


async def sustain(server: Server, seconds: float, users: int = 200, rate: int = 10) -> Figures:
    """Each user has one socket, and each second a bulk makes so many events for it.

    The lag counts from when the bulk was due, so waiting for a busy server is in it. A quarter of
    the time later no more is written. What has not arrived PATIENCE after that has an infinite lag.
    """
    accounts = server.accounts[:users]
    async with Audience(server) as audience:
        await audience.open(accounts)
        begun = time.perf_counter_ns()
        end = begun + int(seconds * 1.25e9)

        async def write(number: int, account: Account) -> None:
            caller = audience.caller(account)
            for second in range(round(seconds)):
                due = begun + int((second + number / users) * 1e9)
                await asyncio.sleep(max(0, due - time.perf_counter_ns()) / 1e9)
                if time.perf_counter_ns() < end:
                    with contextlib.suppress(RefusedError):  # its events are missing then
                        await caller.create(rate, due)

        cpu = usage.cpu_seconds(server.process.pid)
        await asyncio.gather(*(write(*pair) for pair in enumerate(accounts)))
        cpu = (usage.cpu_seconds(server.process.pid) - cpu) * 1e9
        took = time.perf_counter_ns() - begun
        due = users * rate * round(seconds)
        await audience.receive(due, PATIENCE)
        missing = due - len(audience.lags)
        return _spread("lag ", [*audience.lags, *[math.inf] * missing]) | {
            "seconds": round(seconds),
            "delivered %": len(audience.lags) / due * 100,
            "missing": missing,
            "CPU %": cpu / took * 100,
        }


def _spread(name: str, values: Sequence[float]) -> Figures:
    return {f"{name}p{percent}": percentile(values, percent) for percent in (50, 99)}


IDLE, POST_TO_EVENT = "1,000 idle sockets", "POST to event"
ONE_USER = "one event to 50 sockets of a user"
MANY_USERS = "an event to each of 50 users, 1,000 sockets"
REPLAY, SUSTAINED = "replay", "200 users, 10 events a second each"
# By which figure a row is compared with the peers: less is better.
COMPARED = {
    IDLE: "KiB a connection",
    POST_TO_EVENT: "event p50",
    ONE_USER: "last socket p50",
    MANY_USERS: "last socket p50",
    SUSTAINED: "lag p99",
}
Row = Callable[[Server], Awaitable[Figures]]


def rows(seconds: float, sustained: float, events: int = 10_000) -> dict[str, Row]:
    """Return the rows by name; idle sockets first, while the memory is fresh."""
    return {
        IDLE: lambda server: idle(server, 1000),
        POST_TO_EVENT: lambda server: post_to_event(server, seconds),
        ONE_USER: lambda server: fan_out(server, seconds, 1, 50),
        MANY_USERS: lambda server: fan_out(server, seconds, 50, 1000),
        REPLAY: lambda server: replay(server, events),
        SUSTAINED: lambda server: sustain(server, sustained),
    }
