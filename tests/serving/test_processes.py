"""Several processes on one port, their parent, and what is left when one of them dies."""

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from statistics import quantiles

import pytest
import requests

from tests.serving.conftest import ProbeServer, Start
from tests.support.process import Process, listens
from tests.support.stage import MODES
from tests.support.waiting import wait_until


def pids(server: ProbeServer, count: int) -> set[int]:
    """Ask until so many processes have answered."""
    seen: set[int] = set()

    def ask() -> bool:
        seen.add(int(server.get("/pid")))
        return len(seen) >= count

    wait_until(ask, seconds=40, what=f"{count} processes answer")
    return seen


@pytest.mark.journey
def test_killed_process_is_replaced_and_a_stop_is_graceful(start: Start, tmp_path: Path) -> None:
    (metrics := tmp_path / "tmp").mkdir()
    server = start(WEB_CONCURRENCY=2, TMPDIR=metrics)
    before = pids(server, 2)
    assert before == set(server.children())
    assert list(metrics.iterdir())
    victim = before.pop()
    os.kill(victim, signal.SIGKILL)
    for _ in range(20):
        assert int(server.get("/pid")) != victim
    assert len(pids(server, 2) - {victim}) == 2
    with server.connect() as client:
        client.request("GET", "/slow")
        wait_until(lambda: "in flight" in server.text())
        server.child.terminate()
        assert client.response().body == b"finished"
        assert server.child.wait(15) == 0
    assert not listens(server.port)
    assert not list(metrics.iterdir())


@pytest.mark.journey
@pytest.mark.parametrize("mode", MODES)
def test_port_stays_while_all_are_dead_and_goes_with_the_parent(
    start: Start, mode: str, tmp_path: Path
) -> None:
    (metrics := tmp_path / "tmp").mkdir()
    server = start(mode, WEB_CONCURRENCY=2, SHUTDOWN_SECONDS=2, TMPDIR=metrics)
    for victim in pids(server, 2):
        os.kill(victim, signal.SIGKILL)
    assert server.get("/pid").isdigit()
    with server.connect() as stream, server.connect() as endless:
        stream.request("GET", "/takeover")
        endless.request("GET", "/forever")
        assert stream.sock.recv(4096).startswith(b"HTTP/1.1 101 ")
        os.kill(server.pid, signal.SIGKILL)
        server.child.wait()
        wait_until(lambda: not server.any_left, what="nobody left")
    assert not listens(server.port)
    assert not list(metrics.iterdir())


@pytest.mark.journey
@pytest.mark.parametrize("mode", MODES)
def test_parent_killed_at_any_moment_of_the_start_leaves_nobody(make: Start, mode: str) -> None:
    server = make(mode, WEB_CONCURRENCY=2)
    moments: dict[str, Callable[[], object]] = {
        "it reads the settings": server.children,
        "it listens": lambda: "Taskmaster on" in server.text(),
        "one child is born": lambda: "Taskmaster on" in server.text() and server.children(),
        "both are born": lambda: len(server.children()) == 2,
        "one is ready": lambda: "on_start" in server.text(),
    }
    for what, moment in moments.items():
        server.log.unlink(missing_ok=True)
        Process.start(server)
        wait_until(moment, every=0.001, what=what)
        os.kill(server.pid, signal.SIGKILL)
        server.child.wait()
        wait_until(lambda: not server.any_left, what=f"nobody left, killed when {what}")
        assert not listens(server.port)


def smaller_share(server: ProbeServer) -> int:
    """Open 16 connections; return how many of them the less busy of two processes serves."""
    with ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(16)]
        for client in clients:
            client.request("GET", "/pid")
        shares = Counter(client.response().body for client in clients)
    return 16 - max(shares.values())


def test_two_processes_by_gunicorns_own_option_share_kept_connections(start: Start) -> None:
    """One that does not let the other have the next takes all 16 at times; a core idles then."""
    server = start(GUNICORN_CMD_ARGS="--workers 2")
    pids(server, 2)
    lower, *_ = quantiles([smaller_share(server) for _ in range(25)], n=4)
    assert lower >= 4
    answer = requests.get(f"{server.url}/socket.io/?EIO=4&transport=polling", timeout=10)
    assert answer.status_code == 400  # the application knows: it would need sticky sessions


@pytest.mark.journey
def test_reload_takes_new_processes_and_answers_all_the_while(start: Start) -> None:
    server = start(WEB_CONCURRENCY=2)
    before = pids(server, 2)
    answers: list[int] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            answers.append(requests.get(f"{server.url}/pid", timeout=60).status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    server.child.send_signal(signal.SIGHUP)
    wait_until(lambda: not before & set(server.children()), what="the old ones gone")
    done.set()
    asking.join()
    assert set(answers) == {200}
    assert not pids(server, 2) & before


def test_in_production_start_crash_reload_and_stop_are_told_in_json(start: Start) -> None:
    server = start(ENVIRONMENT="production", TRUSTED_HOSTS="localhost,127.0.0.1")
    for number, level in ((signal.SIGSEGV, "warning"), (signal.SIGKILL, "error")):
        (victim,) = server.children()
        os.kill(victim, number)
        said = f"(pid:{victim}) was sent {number.name}"
        wait_until(lambda said=said: said in server.text(), what="the crash told")
        written = [line for line in server.text().splitlines() if str(victim) in line]
        lines = [json.loads(line) for line in written]
        assert {line["event"] for line in lines} == {"gunicorn"}
        assert lines[-1]["level"] == level
        assert all(datetime.fromisoformat(line["timestamp"]).tzinfo for line in lines)
        pids(server, 1)
    server.child.send_signal(signal.SIGHUP)
    wait_until(lambda: "Hang up" in server.text(), what="the reload told")
    pids(server, 1)
    assert server.terminate() == 0
    told = [json.loads(line) for line in server.text().splitlines() if line.startswith("{")]
    messages = [line["message"] for line in told if line["event"] == "gunicorn"]
    listening = f"Listening at: http://127.0.0.1:{server.port}"
    for part in (listening, "SIGSEGV", "Hang up", "Handling signal: term"):
        assert any(part in message for message in messages), messages


def test_app_that_cannot_start_ends_the_parent_with_an_error(make: Start) -> None:
    server = make("threading", WEB_CONCURRENCY=2, FAIL_TO_START=1)
    Process.start(server)
    # 3 is gunicorn's; 1 where the other child ends while it stops (HaltServer inside halt).
    assert server.child.wait(30) in {3, 1}
    assert "ZeroDivisionError" in server.text()
    assert not server.any_left
