"""SQLite's files belong to somebody else: it shows, and given back, they need no restart."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.support.api import Api, through_http
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.waiting import wait_until

# Rights are nothing to root, unless it lets go of what makes them so.
UNPRIVILEGED = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    if os.geteuid() == 0
    else []
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("ends", [("",), ("-wal", "-shm"), ("-shm",)], ids=str)
def test_a_server_writes_again_once_it_may(
    start_server: Callable[..., Server], database: Database, ends: tuple[str, ...]
) -> None:
    server = start_server()
    api = Api(through_http(server.url))
    user = api.register()
    server.kill()  # all three files stay
    files = [Path(database.url.removeprefix("sqlite:///") + end) for end in ends]
    for file in files:
        file.chmod(0o444)
    server.command[:0] = UNPRIVILEGED
    server.start()

    def state() -> tuple[int, str]:
        ready = requests.get(f"{server.url}/readyz", timeout=10).json()["checks"]["database"]
        return user.post("tasks/", {"title": "One"}).status, ready

    assert state() == (503, "failed: the file is read-only")
    assert state() == (503, "failed: the file is read-only")
    for file in files:
        file.chmod(0o644)
    wait_until(lambda: state() == (201, "ok"), 5, what="a change to succeed")
