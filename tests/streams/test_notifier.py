"""What a process says about its Redis: without one, and with one that stands still."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest
import redis
from redis.client import PubSub

from taskmaster.core import clock
from taskmaster.core.outages import PAUSE
from taskmaster.streams.notifier import PREFIX, RedisNotifier
from tests.support.redis import RedisServer
from tests.support.waiting import wait_until


@pytest.mark.parametrize(("users", "unanswered", "is_over"), [
    ([], 0, False),
    (["one"], 0, True),
    (["one"], 1, False),
], ids=["nobody", "somebody", "silence"])  # fmt: skip
def test_redis_is_back_only_if_it_answered(
    monkeypatch: pytest.MonkeyPatch, users: list[str], unanswered: int, is_over: bool
) -> None:
    """With nobody connected the client listens to nothing, and needs no Redis for that."""

    def subscribe(pubsub: PubSub, *_: str) -> None:
        pubsub.health_check_response_counter = unanswered

    notifier, answers = RedisNotifier("redis://127.0.0.1:1"), iter([None])
    monkeypatch.setattr(PubSub, "subscribe", subscribe)
    monkeypatch.setattr(PubSub, "get_message", lambda *_, **__: next(answers))
    notifier._outage.failed()
    later = clock.monotonic() + PAUSE + 1
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    with suppress(StopIteration):
        notifier._listen(lambda *_: None, users)
    assert bool(notifier._outage._times) is not is_over


@pytest.fixture
def notifier(redis_server: RedisServer) -> Iterator[RedisNotifier]:
    notifier = RedisNotifier(redis_server.url)
    with closing(notifier._client):
        yield notifier


def test_a_silence_is_taken_for_one_only_if_it_lasts(
    notifier: RedisNotifier, redis_server: RedisServer
) -> None:
    """A connection that the network has swallowed is silent in the same way."""
    with ThreadPoolExecutor(1) as other, redis.Redis.from_url(redis_server.url) as client:
        received: list[str] = []
        listening = other.submit(
            notifier._listen, lambda user_id, *_: received.append(user_id), ["one"]
        )
        try:
            wait_until(lambda: client.publish(f"{PREFIX}one", "[[], []]"), what="to be subscribed")
            wait_until(lambda: received, what="a notification")
            wait_until(lambda: client.info("commandstats")["cmdstat_ping"], what="a ping")
            redis_server.pause()
            assert isinstance(listening.exception(10), TimeoutError)
        finally:
            redis_server.kill()  # or it would listen on
