"""100 writers at once: with If-Match exactly one wins each round; without, no field is lost."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, local
from typing import Any

from tests.support.api import Api, Reply, User, register_at, succeed, through_http
from tests.support.asserts import assert_gapless
from tests.support.databases import Database
from tests.support.server import Server

WRITERS = 100
ROUNDS = 20
FIELD_ROUNDS = 100


class Crowd:
    """Threads that speak as one user, each on its own connection, all at the same moment."""

    def __init__(self, user: User, url: str, size: int) -> None:
        self.user, self.url, self.size = user, url, size
        self.barrier, self.own = Barrier(size), local()
        self.pool = ThreadPoolExecutor(size)

    def all_at_once(self, act: Callable[[Api, int], Reply]) -> list[Reply]:
        """Let every thread act with its number; return the replies."""
        return list(self.pool.map(lambda number: self._act(act, number), range(self.size)))

    def _act(self, act: Callable[[Api, int], Reply], number: int) -> Reply:
        if not hasattr(self.own, "api"):
            self.own.api = Api(through_http(self.url), self.user.access)
        self.barrier.wait(30)
        return act(self.own.api, number)


def test_one_wins_each_round(start_server: Callable[..., Server], database: Database) -> None:
    server = start_server(USER_WRITES_WAITING=WRITERS)
    user = register_at(server.url)
    created = user.post("tasks/", {"title": "Start"})
    path, tag = f"tasks/{created.json['id']}/", created.headers["ETag"]
    crowd = Crowd(user, server.url, WRITERS)
    for round_ in range(ROUNDS):

        def write(api: Api, number: int, tag: str = tag, round_: int = round_) -> Reply:
            body = {"title": f"Round {round_}, writer {number}"}
            return api.patch(path, body, headers={"If-Match": tag})

        replies = crowd.all_at_once(write)
        assert Counter(reply.status for reply in replies) == {200: 1, 412: WRITERS - 1}
        (winner,) = (reply for reply in replies if reply.status == 200)
        assert succeed(user.get(path)) == winner.json
        tag = winner.headers["ETag"]
        assert {reply.headers["ETag"] for reply in replies} == {tag}
    assert len(assert_gapless(database, user.id)) == ROUNDS + 1
    print(f"\n{database.backend}: {ROUNDS} rounds of {WRITERS} writers, one winner in each")


def test_different_fields_all_survive(server: Server, user: User, database: Database) -> None:
    path = f"tasks/{user.create_task('Start')['id']}/"
    crowd = Crowd(user, server.url, 5)
    for round_ in range(FIELD_ROUNDS):
        fields: list[dict[str, Any]] = [
            {"title": f"Title {round_}"},
            {"description": f"Description {round_}"},
            {"status_task": ("DONE", "TO DO")[round_ % 2]},
            {"priority": ("HIGH", "LOW")[round_ % 2]},
            {"due_date": f"{2030 + round_}-01-31T12:00:00.000000+00:00"},
        ]
        replies = crowd.all_at_once(
            lambda api, number, fields=fields: api.put(path, fields[number])
        )
        assert {reply.status for reply in replies} == {200}
        task = succeed(user.get(path))
        assert task == task | {name: value for field in fields for name, value in field.items()}
    assert len(assert_gapless(database, user.id)) == FIELD_ROUNDS * len(fields) + 1
    print(f"\n{database.backend}: {FIELD_ROUNDS} rounds of 5 writers, no update lost")
