"""A hundred users at once: nobody ever receives another's event."""

import random
from threading import Thread

from tests.support.api import Api, User, succeed, through_http
from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.streams import TRANSPORTS, StreamClient

USERS, WRITES, THREADS = 100, 20, 4


def write(users: list[User], url: str, seed: int) -> None:
    chance, carry = random.Random(seed), through_http(url)  # noqa: S311 - not a secret
    for number in range(WRITES * len(users)):
        user = chance.choice(users)
        user.transport = carry
        user.create_task(f"{user.username} {number}")


@ON_SQLITE
def test_nobody_gets_anothers_events(server: Server) -> None:
    api = Api(through_http(server.url))
    users = [api.register() for _ in range(USERS)]
    kinds = list(TRANSPORTS.values())
    streams: list[StreamClient] = [
        kinds[n % 3](server.url, user.access) for n, user in enumerate(users)
    ]
    for stream in streams:
        stream.wait("stream_ready")
    parts = [users[n::THREADS] for n in range(THREADS)]
    threads = [Thread(target=write, args=(part, server.url, n)) for n, part in enumerate(parts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    received = 0
    for user, stream in zip(users, streams, strict=True):
        count = succeed(user.get("tasks/"))["count"]
        stream.wait_for_events(count)
        assert stream.seqs == list(range(1, count + 1))
        assert {event["title"].split()[0] for event in stream.events} <= {user.username}
        received += count
        stream.close()
    assert received == USERS * WRITES
    print(f"\n{USERS} users: {received} events, each with its owner only")
