"""`/metrics` of several processes: whichever answers, the figures are those of all."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from tests.ops.test_metrics import figure
from tests.support.api import Api, register_at, succeed, through_http
from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.streams import TRANSPORTS
from tests.support.waiting import wait_until

REQUESTS = 30
PROCESSES = 3


@ON_SQLITE
def test_a_process_goes_on_with_the_files_of_a_dead_one(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    server = start_server(WEB_CONCURRENCY=2, PROMETHEUS_MULTIPROC_DIR=tmp_path)
    name = 'http_request_seconds_count{method="GET",route="/openapi.json",status="200"}'
    for number in range(1, 4):
        anybody = Api(through_http(server.url))
        assert anybody.get("/openapi.json").status == 200
        before = set(server.children())
        server.child.send_signal(signal.SIGHUP)
        wait_until(lambda gone=before: not gone & set(server.children()), what="the old ones gone")
        wait_until(lambda: len(server.children()) == 2, what="the new ones")
        assert figure(Api(through_http(server.url)), name) == number
    counters = list(tmp_path.glob("counter_*.db"))
    assert 2 <= len(counters) <= 4, counters  # the old and the new ones are there at once


@ON_SQLITE
def test_the_figures_are_those_of_all_processes(start_server: Callable[..., Server]) -> None:
    server = start_server(WEB_CONCURRENCY=PROCESSES)
    user = register_at(server.url)

    def anybody() -> Api:
        """On a connection of their own, so with any of the processes."""
        return Api(through_http(server.url), user.access)

    def connected() -> float:
        return figure(anybody(), "stream_connections")

    for _ in range(REQUESTS):
        succeed(anybody().get("tasks/"))
    name = 'http_request_seconds_count{method="GET",route="/api/v1/tasks/",status="200"}'
    assert {figure(anybody(), name) for _ in range(10)} == {REQUESTS}
    streams = [kind(server.url, user.access) for kind in TRANSPORTS.values() for _ in range(4)]
    for stream in streams:
        stream.wait("stream_ready")
    assert connected() == len(streams)
    victim = server.children()[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: f"(pid:{victim})" in server.text(), what="the child's death to be seen")
    wait_until(lambda: connected() == sum(not stream.ended.is_set() for stream in streams))
    for stream in streams:
        stream.close()
    wait_until(lambda: connected() == 0, what="nobody connected")
    assert figure(anybody(), name) == REQUESTS


@ON_SQLITE
def test_an_empty_name_of_the_directory_is_none(start_server: Callable[..., Server]) -> None:
    server = start_server(PROMETHEUS_MULTIPROC_DIR="")
    assert Api(through_http(server.url)).get("/metrics").status == 200
