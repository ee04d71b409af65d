"""Whatever is killed, cut or restarted, every client gets exactly its user's log."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import cycle
from threading import Event, Thread

import pytest

from tests.support.api import Api, through_http
from tests.support.asserts import events_of
from tests.support.databases import ON_SQLITE, Database
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.server import Server
from tests.support.stream_journey import (
    Returning,
    Writer,
    assert_log_is_what_was_acknowledged,
    assert_received_all,
)
from tests.support.streams import TRANSPORTS
from tests.support.waiting import wait_until

USERS = 20
WRITES = 5000
THREADS = 5
KILLS = 6  # at least, however fast the machine writes
Disturb = Callable[[], None]


class Cast:
    """The users, a writer each, and a client of each transport."""

    def __init__(self, urls: Sequence[str]) -> None:
        api = Api(through_http(urls[0]))
        self.writers = [Writer(api.register(), urls, number) for number in range(USERS)]
        self.followers = [
            Returning(transport, urls, writer.user)
            for writer in self.writers
            for transport in TRANSPORTS.values()
        ]
        self._failures: list[BaseException] = []

    def write(self, each: int, enough: Callable[[], bool]) -> list[Thread]:
        """Begin to write: so many acknowledged changes for each user, and more until `enough`."""
        parts = [self.writers[number::THREADS] for number in range(THREADS)]
        threads = [Thread(target=self._write, args=(part, each, enough)) for part in parts]
        for thread in threads:
            thread.start()
        return threads

    def _write(self, writers: list[Writer], each: int, enough: Callable[[], bool]) -> None:
        written = 0
        try:
            while written < each or not enough():
                for writer in writers:
                    writer.write_until_acknowledged()
                written += 1
        except BaseException as error:
            self._failures.append(error)

    def check(self, database: Database) -> None:
        """Assert that everyone has got everything."""
        assert not self._failures, self._failures
        for number, writer in enumerate(self.writers):
            log = [event["payload"] for event in events_of(database, writer.user.id)]
            assert_log_is_what_was_acknowledged(log, writer)
            for follower in self.followers[number * 3 : number * 3 + 3]:
                caught_up = wait_until(
                    lambda follower=follower, log=log: follower.position() >= len(log),
                    60,
                    what=f"{follower.transport.__name__} at {len(log)}",
                )
                assert caught_up
                assert_received_all(follower, log)

    def close(self) -> None:
        """Have all clients leave."""
        for follower in self.followers:
            follower.close()

    def numbers(self) -> str:
        acknowledged = sum(writer.acknowledged for writer in self.writers)
        unknown = sum(len(writer.attempts) for writer in self.writers) - acknowledged
        cuts = sum(follower.cuts for follower in self.followers)
        received = sum(len(follower.events) for follower in self.followers)
        return f"{acknowledged} writes acknowledged, {unknown} not; {received} events received by \
{len(self.followers)} clients, cut {cuts} times: no gap, no duplicate"


@contextmanager
def disturbance(
    every: float, disturbers: Sequence[Disturb], done: list[str]
) -> Iterator[Callable[[], bool]]:
    """Disturb every few seconds, in turn, while the block runs; tell when KILLS were enough."""
    over, failures = Event(), list[BaseException]()

    def run() -> None:
        turns = cycle(disturbers)
        while not over.wait(every):
            disturb = next(turns)
            try:
                disturb()
            except BaseException as error:
                failures.append(error)
                return
            done.append(disturb.__name__)

    thread = Thread(target=run)
    thread.start()
    try:
        yield lambda: done.count("kill_9") >= KILLS or not thread.is_alive()
    finally:
        over.set()
        thread.join()
    assert not failures, failures


Gather = Callable[[Sequence[Server]], Cast]


@pytest.fixture
def gather() -> Iterator[Gather]:
    """Make a cast for servers; its clients leave with the test."""
    with ExitStack() as casts:

        def make(servers: Sequence[Server]) -> Cast:
            return casts.enter_context(closing(Cast([server.url for server in servers])))

        yield make


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_three_processes_on_postgresql_and_redis(
    database: Database,
    start_server: Callable[..., Server],
    redis_server: RedisServer,
    postgres: PostgresServer,
    gather: Gather,
) -> None:
    servers = [start_server(REDIS_URL=redis_server.url) for _ in range(3)]
    done: list[str] = []
    chance = random.Random(9)  # noqa: S311 - not a secret

    def kill_9() -> None:
        server = chance.choice(servers)
        server.kill()
        server.start()

    def restart_redis() -> None:
        redis_server.restart()

    def freeze_redis() -> None:  # for longer than two sweeps
        redis_server.pause()
        Event().wait(1.5)
        redis_server.resume()

    def restart_postgresql() -> None:
        postgres.restart()

    cast = gather(servers)
    disturbers = [kill_9, restart_redis, kill_9, freeze_redis, kill_9, restart_postgresql]
    with disturbance(2, disturbers, done) as enough:
        for thread in cast.write(WRITES // USERS - 1, enough):
            thread.join()
    redis_server.kill()
    for writer in cast.writers:
        writer.write_until_acknowledged()
    cast.check(database)
    print(f"\n3 processes, PostgreSQL, Redis: {cast.numbers()}")
    print({name: done.count(name) for name in set(done)})
    assert done.count("kill_9") >= KILLS


@pytest.mark.timeout(600)
@ON_SQLITE
def test_one_process_on_sqlite(database: Database, server: Server, gather: Gather) -> None:
    done: list[str] = []

    def kill_9() -> None:
        server.kill()
        server.start()

    cast = gather([server])
    with disturbance(1.5, [kill_9], done) as enough:
        for thread in cast.write(WRITES // USERS, enough):
            thread.join()
    cast.check(database)
    print(f"\n1 process, SQLite: {cast.numbers()}; killed {len(done)} times")
    assert len(done) >= KILLS
