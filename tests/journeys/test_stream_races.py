"""Order and seams while many write: every client sees strictly 1, 2, 3."""

import random
from collections.abc import Callable
from threading import Event, Thread

import pytest

from tests.support.api import Api, User, register_at, succeed, through_http
from tests.support.databases import ON_SQLITE
from tests.support.racing import twin
from tests.support.redis import RedisServer
from tests.support.server import Server
from tests.support.stream_client import StreamClient
from tests.support.streams import TRANSPORTS, SocketIOClient

THREADS, PROCESSES, WRITES = 8, 3, 100  # writes of each thread
SEAMS = 500
Start = Callable[..., Server]


def write_titles(user: User, url: str, count: int) -> None:
    """Change tasks of a user, in a thread with its own connection."""
    mine = twin(user, Api(through_http(url)))
    task = mine.create_task()["id"]
    for number in range(1, count):
        succeed(mine.patch(f"tasks/{task}/", {"title": f"{number}"}))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_writers_on_three_processes_give_one_order(
    start_server: Start, redis_server: RedisServer
) -> None:
    servers = [start_server(REDIS_URL=redis_server.url) for _ in range(PROCESSES)]
    user = register_at(servers[0].url)
    streams = [kind(server.url, user.access, 0) for kind in TRANSPORTS.values()
               for server in servers]  # fmt: skip
    threads = [
        Thread(target=write_titles, args=(user, servers[n % PROCESSES].url, WRITES))
        for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    total = THREADS * WRITES
    for stream in streams:
        stream.wait_for_events(total, 30)
        assert stream.seqs == list(range(1, total + 1))
        assert stream.events == streams[0].events
        stream.close()
    print(f"\n{THREADS} writers through {PROCESSES} processes: {len(streams)} clients saw "
          f"1..{total} in order")  # fmt: skip


class Pressure:
    """Somebody who writes without pause."""

    def __init__(self, url: str) -> None:
        self.user = register_at(url)
        self._task = self.user.create_task()["id"]
        self.seq, self._stop, self._thread = 1, Event(), Thread(target=self._write)
        self._thread.start()

    def _write(self) -> None:
        while not self._stop.is_set():
            succeed(self.user.patch(f"tasks/{self._task}/", {"title": f"{self.seq}"}))
            self.seq += 1

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def check_seam(stream: StreamClient, since: int | None) -> int:
    """Assert that replay and live meet without gap or duplicate; return how many came."""
    ready = stream.wait("stream_ready")
    stream.wait_for_events(2 + ready["replayed"], 20)
    first = ready["seq"] - ready["replayed"] + 1
    assert stream.seqs == list(range(first, first + len(stream.seqs)))
    assert not stream.of("stream_reset")  # the writer counts what is committed, so nobody is ahead
    assert since in (None, first - 1)
    return len(stream.seqs)


@ON_SQLITE
@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_connect_replay_and_write_race(start_server: Start, mode: str) -> None:
    server = start_server(ASYNC_MODE=mode)
    pressure = Pressure(server.url)
    chance, received = random.Random(1), 0  # noqa: S311 - not a secret
    kinds = [*TRANSPORTS.values(), *[k for k in TRANSPORTS.values() if k is not SocketIOClient] * 3]
    try:
        for number in range(SEAMS):
            back = chance.choice([None, 0, 1, 5, 150])
            since = None if back is None else max(0, pressure.seq - back)
            stream = kinds[number % len(kinds)](server.url, pressure.user.access, since)
            received += check_seam(stream, since)
            stream.close()
    finally:
        pressure.stop()
    assert pressure.seq > 100
    print(f"\n{SEAMS} seams under {mode} while {pressure.seq} writes: {received} events, "
          "no gap, no duplicate")  # fmt: skip
