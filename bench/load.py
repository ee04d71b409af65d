"""Load on kept-alive connections, and what it cost the server."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

CONNECTIONS = 16
TICK = 100  # clock ticks a second, in /proc


@dataclass(frozen=True)
class Result:
    """What one round measured. Times in milliseconds, CPU in microseconds a request."""

    per_second: float
    p50: float
    p99: float
    cpu: float


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """Return the bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def measure(port: int, pid: int, message: bytes, count: int) -> Result:
    """Send a request `count` times and return what it took."""
    cpu, start = cpu_seconds(pid), time.perf_counter()
    latencies = asyncio.run(_send_all(port, message, count))
    elapsed, cpu = time.perf_counter() - start, cpu_seconds(pid) - cpu
    return Result(
        per_second=len(latencies) / elapsed,
        p50=median(latencies) * 1000,
        p99=quantiles(latencies, n=100)[98] * 1000,
        cpu=cpu / len(latencies) * 1_000_000,
    )


async def _send_all(port: int, message: bytes, count: int) -> list[float]:
    each = [_send(port, message, count // CONNECTIONS) for _ in range(CONNECTIONS)]
    return [latency for latencies in await asyncio.gather(*each) for latency in latencies]


async def _send(port: int, message: bytes, count: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies = []
    for _ in range(count):
        start = time.perf_counter()
        writer.write(message)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head[9:11] == b"20", head
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        await reader.readexactly(int(length))
        latencies.append(time.perf_counter() - start)
    writer.close()
    return latencies
