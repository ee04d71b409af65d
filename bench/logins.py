"""The row of log-ins: how many a second, beside what the cores can hash and what others notice."""

import asyncio
import os
import time
from statistics import quantiles

from . import hashing, load, usage
from .http import Connection, request
from .servers.base import PASSWORD, Server
from .streams import Figures

CONNECTIONS = 4
PAUSE = 0.02  # seconds between two looks at the health call


async def log_in(server: Server, seconds: float) -> Figures:
    """Log in by four connections, and ask for the health meanwhile."""
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
    cores = min(server.place.processes, os.cpu_count() or 1)
    bare = float(hashing.ask(server.python, server.hash_scheme, "rate", PASSWORD, cores, seconds))
    return {
        "a second": per_second,
        "bare hashes a second": bare,
        "of them %": per_second / bare * 100,
        "p50": p50 * 1000,
        "p99": p99 * 1000,
        "CPU ms": cpu / done * 1000,
        "health p99": quantiles(looks, n=100)[98] if len(looks) > 1 else looks[0],
    }
