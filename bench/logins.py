"""The row of log-ins: how many a second, beside what the cores can hash and what others notice."""

import asyncio
import time
from collections.abc import Sequence
from statistics import median

from . import hashing, load, usage
from .http import Connection, request
from .servers.base import PASSWORD, Server
from .streams import Figures

CONNECTIONS = max(4, hashing.CORES)  # so that each core has something to hash
PAUSE = 0.02  # seconds between two looks at the health call


def take_turns(servers: Sequence[Server], seconds: float, rounds: int) -> dict[str, Figures]:
    """Return the median of each figure over the rounds, by the server's label."""
    found: dict[str, list[Figures]] = {server.label: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            found[server.label].append(asyncio.run(log_in(server, seconds)))
    return {label: _median(turns) for label, turns in found.items()}


def _median(turns: Sequence[Figures]) -> Figures:
    return {name: median(turn[name] for turn in turns) for name in turns[0]}


async def log_in(server: Server, seconds: float) -> Figures:
    """Log in by some connections, and ask for the health meanwhile; hash alone after that."""
    usage.wait_until_idle(server.process.pid)
    looks, over = list[float](), asyncio.Event()

    async def look() -> None:
        connection, message = Connection(server.port), request("GET", server.health)
        while not over.is_set():
            begun = time.perf_counter()
            await connection.call(message)
            looks.append((time.perf_counter() - begun) * 1000)
            await asyncio.sleep(PAUSE)
        await connection.close()

    before, looking = usage.cpu_seconds(server.process.pid), asyncio.create_task(look())
    sent = await load.send_for(server.port, server.messages("log-in"), seconds, CONNECTIONS)
    done, per_second, p50, p99 = sent
    over.set()
    await looking
    cpu = usage.cpu_seconds(server.process.pid) - before
    bare = ceiling(server, seconds / 2)
    return {
        "a second": per_second,
        "bare hashes a second": bare,
        "of them %": per_second / bare * 100,
        "p50": p50 * 1000,
        "p99": p99 * 1000,
        "CPU ms": cpu / done * 1000,
        "health p99": load.percentile(looks, 99),
    }


def ceiling(server: Server, seconds: float) -> float:
    """Return how many of a server's hashes all cores make a second, whatever its processes."""
    task = (server.hash_scheme, "rate", PASSWORD, hashing.CORES, seconds)
    return float(hashing.ask(server.python, *task))
