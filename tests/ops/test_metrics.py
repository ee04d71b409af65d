"""What `/metrics` shows an operator."""

import re

from flask import Flask

from taskmaster.core.auth import Principal
from taskmaster.streams.handshake import HUB
from taskmaster.streams.takeover import Connection
from tests.support.api import Api, User


def figure(api: Api, name: str) -> float:
    """Return the present value of a figure; 0 for one that is not there yet."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", api.get("/metrics").body.decode(), re.M)
    return float(found[1]) if found else 0.0


def test_requests_are_measured_by_route(api: Api, user: User) -> None:
    labels = 'method="GET",route="/api/v1/tasks/<uuid:task_id>/",status="200"'
    name = f"http_request_seconds_count{{{labels}}}"
    before = figure(api, name)
    user.get(f"tasks/{user.create_task()['id']}/")
    assert figure(api, name) == before + 1


def test_every_warning_in_the_log_is_a_figure(api: Api, user: User) -> None:
    name = 'log_events_total{event="login_failed",level="warning"}'
    before = figure(api, name)
    api.post("auth/login/", {"username": user.username, "password": "not the one"})
    assert figure(api, name) == before + 1


def test_open_streams_are_counted(app: Flask, api: Api, user: User) -> None:
    before = figure(api, "stream_connections")
    with HUB.get(app).subscribe(Principal(user.id, "session", 2**40), None, Connection()):
        assert figure(api, "stream_connections") == before + 1
    assert figure(api, "stream_connections") == before
