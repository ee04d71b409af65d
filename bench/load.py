"""Load on kept-alive connections: by wrk where it is installed, else by asyncio.

wrk takes hardly any of the two cores; the asyncio load takes more, so its figures are lower for
all servers. A run says which it used. Replies other than 2xx are not counted but raised.

wrk forgets the requests that are under way at its end, while the server's CPU has them. Of slow
calls that is much, so those are always sent by asyncio, which waits for the last reply; it takes
next to nothing then.
"""

import asyncio
import json
import math
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from . import http, usage

NAME = "wrk" if shutil.which("wrk") else "asyncio"
CONNECTIONS = 16
WARM_UP = 0.3  # seconds
LEAST = 20  # requests of a connection in a turn: with fewer, wrk forgets more than 5 %

# Each request is one of the messages in turn, with a number of its own where it has a place for it.
SCRIPT = """
local n = 0
function request()
  n = n + 1
  local message = messages[n % #messages + 1]
  if not message[2] then return message[1] end
  return message[1] .. string.format("%08d", n) .. message[2]
end
function done(summary, latency)
  local e = summary.errors
  print("RESULT", summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout)
end
"""


@dataclass(frozen=True)
class Result:
    """What one turn measured. Times in milliseconds, CPU in microseconds a request."""

    per_second: float
    p50: float
    p99: float
    cpu: float


Sent = tuple[int, float, float, float]  # requests, requests a second, p50 and p99 in seconds
Send = Callable[[int, Sequence[bytes], float], Sent]


def measure(
    port: int, session: int, messages: Sequence[bytes], seconds: float, slow: bool = False
) -> Result:
    """Send requests for some seconds; return what they took, and the CPU of the server.

    `slow` says what `warm_up` has found: a turn is too short for wrk.
    """
    if NAME == "wrk" and not slow:
        done, result = _turn(_by_wrk, port, session, messages, seconds)
        if done >= LEAST * CONNECTIONS:
            return result
    return _turn(_by_asyncio, port, session, messages, seconds)[1]


def _turn(
    send: Send, port: int, session: int, messages: Sequence[bytes], seconds: float
) -> tuple[int, Result]:
    usage.wait_until_idle(session)
    before = usage.cpu_seconds(session)
    done, per_second, p50, p99 = send(port, messages, seconds)
    cpu = usage.cpu_seconds(session) - before
    return done, Result(per_second, p50 * 1000, p99 * 1000, cpu / max(1, done) * 1_000_000)


def warm_up(port: int, messages: Sequence[bytes], seconds: float) -> bool:
    """Send requests for a moment, so that no turn pays for what is done once.

    Return whether a turn of so many seconds is too short for wrk.
    """
    _by_asyncio(port, messages, WARM_UP)
    _, per_second, *_ = _by_asyncio(port, messages, WARM_UP / 2)
    return per_second * seconds < LEAST * CONNECTIONS


def _by_wrk(port: int, messages: Sequence[bytes], seconds: float) -> Sent:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        listed = ",\n".join(_lua(message) for message in messages)
        script.write(f"messages = {{{listed}}}\n{SCRIPT}")
        script.flush()
        options = f"-t 1 -c {CONNECTIONS} -d {max(1, round(seconds))} --timeout 20 -s".split()
        command = ["wrk", *options, script.name, f"http://127.0.0.1:{port}/"]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    assert "RESULT" in ran.stdout, ran.stdout + ran.stderr
    figures = ran.stdout.partition("RESULT")[2].split()
    requests, microseconds, p50, p99, errors = map(float, figures)
    assert not errors, f"{messages[0][:60]!r}: {ran.stdout}"
    return int(requests), requests / microseconds * 1e6, p50 / 1e6, p99 / 1e6


def _lua(message: bytes) -> str:
    """Return a message as Lua writes it: what is before and after its number."""
    parts = message.decode().split(http.NUMBER, 1)
    return "{" + ", ".join(json.dumps(part) for part in parts) + "}"


def _by_asyncio(port: int, messages: Sequence[bytes], seconds: float) -> Sent:
    return asyncio.run(send_for(port, messages, seconds))


async def send_for(
    port: int, messages: Sequence[bytes], seconds: float, connections: int = CONNECTIONS
) -> Sent:
    """Send requests for some seconds, and wait for the last replies."""
    numbers, latencies = count(1), list[float]()
    begun = time.perf_counter()

    async def send() -> None:
        connection = http.Connection(port)
        while (sent := time.perf_counter()) < begun + seconds:
            number = next(numbers)
            await connection.call(http.numbered(messages[number % len(messages)], number))
            latencies.append(time.perf_counter() - sent)
        await connection.close()

    await asyncio.gather(*(send() for _ in range(connections)))
    elapsed = time.perf_counter() - begun
    p50, p99 = (percentile(latencies, percent) for percent in (50, 99))
    return len(latencies), len(latencies) / elapsed, p50, p99


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that so many percent do not exceed, one of those that were measured."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]
