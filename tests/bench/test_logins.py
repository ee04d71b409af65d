"""The row of log-ins is measured in turns, beside what all cores can hash."""

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench import hashing, logins
from bench.servers.base import Place, Server
from bench.servers.pocketbase import PocketBase, PocketBaseOnAllCores
from bench.servers.taskmaster import Taskmaster
from bench.streams import Figures


def test_servers_take_turns_and_a_figure_is_the_median(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def log_in(server: Any, seconds: float) -> Figures:
        asked.append(server.label)
        return {"a second": [7, 1, 5][asked.count(server.label) - 1], "p50": seconds}

    monkeypatch.setattr(logins, "log_in", log_in)
    servers = [cast(Server, SimpleNamespace(label=label)) for label in ("one", "other")]
    found = logins.take_turns(servers, seconds=2, rounds=3)
    assert asked == ["one", "other"] * 3
    assert found["one"] == found["other"] == {"a second": 5, "p50": 2}


@pytest.mark.parametrize("processes", [1, 2])
def test_the_ceiling_is_that_of_all_cores(
    processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "CORES", 8)
    monkeypatch.setattr(hashing, "ask", lambda *task: task[-2])
    assert logins.ceiling(Taskmaster(Place(tmp_path, "", processes)), 1) == 8


def test_the_last_hash_of_a_thread_counts_for_as_long_as_it_took() -> None:
    scheme = (str.upper, lambda *_: threading.Event().wait(0.1))
    assert 0 < hashing.rate(scheme, "a password", threads=2, seconds=0.11) <= 20


def test_pocketbase_logs_in_on_all_cores_and_answers_calls_on_as_many_as_processes(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, "", 1)
    assert PocketBase(place).environ()["GOMAXPROCS"] == "1"
    assert PocketBaseOnAllCores(place).environ()["GOMAXPROCS"] == str(hashing.CORES)
