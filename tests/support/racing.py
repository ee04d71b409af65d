"""Two acts at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.support.api import Api, Reply, User

Act = Callable[[], Reply]


def at_once(pool: ThreadPoolExecutor, *acts: Act) -> list[Reply]:
    """Start all acts at the same moment; return their replies in order."""
    barrier = Barrier(len(acts))

    def run(act: Act) -> Reply:
        barrier.wait(10)
        return act()

    return list(pool.map(run, acts))


def twin(user: User, api: Api) -> User:
    """Return the same user on another connection."""
    tokens = {"access": user.access, "refresh": user.refresh}
    return User(api.transport, user.account | {"tokens": tokens})
