"""An application that serves deletes by itself what is no longer kept."""

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from taskmaster.core import lifecycle
from taskmaster.ops import housekeeping
from tests.support.api import Api, through_client
from tests.support.asserts import events_of
from tests.support.databases import Database
from tests.support.waiting import wait_until


def test_it_prunes_again_and_again_while_it_serves(
    make_app: Callable[..., Flask], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "HOUR", 0.05)
    app = make_app(EVENTS_KEEP_COUNT=1)
    user = Api(through_client(app.test_client())).register()

    def kept() -> list[int]:
        return [event["seq"] for event in events_of(database, user.id)]

    user.create_task()
    user.create_task()
    assert kept() == [1, 2]  # nothing runs yet
    lifecycle.start(app)
    try:
        wait_until(lambda: kept() == [2], what="a first prune")
        user.create_task()
        wait_until(lambda: kept() == [3], what="a second prune")
    finally:
        lifecycle.stop(app)
        names = {"housekeeping", "sweep", "reaper"}
        wait_until(lambda: not names & {thread.name for thread in threading.enumerate()})
