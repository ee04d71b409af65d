"""What a process says about its Redis, without one."""

from contextlib import suppress

import pytest
from redis.client import PubSub

from taskmaster.core import clock
from taskmaster.core.outages import PAUSE
from taskmaster.streams.notifier import RedisNotifier


@pytest.mark.parametrize("users", [[], ["one"]], ids=["nobody", "somebody"])
def test_redis_is_back_only_if_it_was_asked(
    monkeypatch: pytest.MonkeyPatch, users: list[str]
) -> None:
    """With nobody connected the client listens to nothing, and needs no Redis for that."""
    notifier, answers = RedisNotifier("redis://127.0.0.1:1"), iter([None])
    monkeypatch.setattr(PubSub, "subscribe", lambda *_: None)
    monkeypatch.setattr(PubSub, "get_message", lambda *_, **__: next(answers))
    notifier._outage.failed()
    later = clock.monotonic() + PAUSE + 1
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    with suppress(StopIteration):
        notifier._listen(lambda *_: None, users)
    assert bool(notifier._outage._times) is not bool(users)
