"""What all share falls ill: a lock is held elsewhere, a database, broker or log stands still."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg

from tests.journeys.neighbours.rows import pause
from tests.journeys.neighbours.scene import Scene, again_and_again, at_once, misdeed
from tests.journeys.neighbours.stage import LARGE, ONE, TWO
from tests.support.api import User

ANSWER = 15_000  # milliseconds until a request that cannot be served is refused
HELD = 25  # seconds that another process holds SQLite's lock
HUNG = 20  # seconds that PostgreSQL says nothing: longer than a request may


def create(user: User) -> None:
    user.post("tasks/", {"title": "One more"})


@misdeed("a lock on one user's head, 24 requests wait", [LARGE], expects={503: 10})
def locked_head(scene: Scene) -> None:
    users = scene.times(scene.somebody(), 24)
    lock = "SELECT FROM stream_heads WHERE user_id = %s FOR UPDATE"
    with psycopg.connect(scene.stage.database.url) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute(lock, [users[0].id])
        with scene.watched():
            waiting = pool.submit(at_once, create, users)
            pause(8)
            holder.rollback()
            waiting.result()


# Readers go on; a writer is refused within a bound, which is nothing worse than 503.
@misdeed(
    "another process holds SQLite's lock for 25 s",
    [ONE, TWO],
    {"create": ANSWER, "event": None, "5xx": None},
    alone=True,
)
def locked_file(scene: Scene) -> None:
    path = scene.stage.database.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as holder, scene.watched():
        holder.execute("BEGIN IMMEDIATE")
        pause(HELD)
        holder.rollback()


# Everybody is refused, in bounded time; what needs no database goes on.
@misdeed(
    "PostgreSQL hangs for 20 s",
    [LARGE],
    {"list": ANSWER, "create": ANSWER, "event": None, "5xx": None, "readyz": None, "unready": 0},
    alone=True,
)
def hung_postgres(scene: Scene) -> None:
    assert scene.stage.postgres
    with scene.watched(), scene.stage.postgres.standing_still():
        pause(HUNG)


@misdeed("Redis hangs for 6 s", [LARGE], alone=True)
def hung_redis(scene: Scene) -> None:
    assert scene.stage.redis
    with scene.watched():
        scene.stage.redis.pause()
        pause(6)
        scene.stage.redis.resume()


@misdeed("Redis dies, and comes back after 4 s", [LARGE], alone=True)
def dead_redis(scene: Scene) -> None:
    assert scene.stage.redis
    with scene.watched():
        scene.stage.redis.kill()
        pause(4)
        scene.stage.redis.start()


def write_log(scene: Scene) -> None:
    """Make more lines of log than a pipe holds."""
    callers = [scene.anybody(many_addresses=True) for _ in range(2)]
    again_and_again(lambda caller: caller.get(f"/{'x' * 2000}"), callers)


def without_log(scene: Scene, fall_ill: Callable[[], None], heal: Callable[[], None]) -> None:
    """Let the log's reader fall ill for good: all goes on without a log, and so recovers."""
    with scene.watched():
        fall_ill()
        write_log(scene)
    heal()


@misdeed("the log's reader stands still", alone=True, expects={404: 100})
def full_log(scene: Scene) -> None:
    reader = scene.stage.server.reader
    without_log(scene, reader.pause, reader.resume)


@misdeed("the log's reader dies", alone=True, expects={404: 100})
def dead_log(scene: Scene) -> None:
    reader = scene.stage.server.reader
    without_log(scene, reader.kill, reader.start)
