"""SQLite's files belong to somebody else: it shows, and given back, they need no restart."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.support.api import Api, User, through_http
from tests.support.databases import ON_SQLITE, Database
from tests.support.server import Server
from tests.support.waiting import wait_until

# Rights are nothing to root, unless it lets go of what makes them so.
UNPRIVILEGED = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    if os.geteuid() == 0
    else []
)


@ON_SQLITE
@pytest.mark.parametrize(
    ("ends", "mode"),
    [(("",), "eventlet"), (("-wal", "-shm"), "threading"), (("-shm",), "eventlet")],
    ids=str,
)
def test_a_server_writes_again_once_it_may(
    start_server: Callable[..., Server], database: Database, ends: tuple[str, ...], mode: str
) -> None:
    server = start_server(ASYNC_MODE=mode)
    user = Api(through_http(server.url)).register()
    account = user.account | {"tokens": {"access": user.access, "refresh": user.refresh}}
    server.kill()  # all three files stay
    files = [Path(database.url.removeprefix("sqlite:///") + end) for end in ends]
    for file in files:
        file.chmod(0o444)
    server.command[:0] = UNPRIVILEGED
    server.start()

    stop = threading.Event()

    def read() -> set[int]:
        """List until it is over, as others do meanwhile."""
        statuses, reader = set(), User(through_http(server.url), account)
        while not stop.is_set():
            statuses.add(reader.get("tasks/").status)
        return statuses

    def state() -> tuple[int, str]:
        ready = requests.get(f"{server.url}/readyz", timeout=10).json()["checks"]["database"]
        return user.post("tasks/", {"title": "One"}).status, ready

    with ThreadPoolExecutor(4) as pool, ExitStack() as end:
        end.callback(stop.set)
        readers = [pool.submit(read) for _ in range(4)]
        for _ in range(2):
            assert state() == (503, "failed: the file is read-only")
        if mode == "threading":  # which could keep the files open, as docs/operations.md says
            stop.set()
        for file in files:
            file.chmod(0o644)
        wait_until(lambda: state() == (201, "ok"), what="a change to succeed")
    assert {status for reader in readers for status in reader.result()} == {200}
