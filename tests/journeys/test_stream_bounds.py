"""What a client that floods, never ends, or does not read, costs the others."""

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from threading import Thread
from timeit import default_timer

import pytest
import requests

from tests.support.api import User, register_at, succeed
from tests.support.databases import ON_SQLITE
from tests.support.deaf import Deaf, memory
from tests.support.process import Process
from tests.support.server import Server
from tests.support.settings import machine_environ
from tests.support.stream_websocket import WebSocketClient, send_fragments
from tests.support.streams import TRANSPORTS, StreamClient
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.alone,
    ON_SQLITE,
]
EVENTS, BULK = 50_000, 100
MOST_GROWTH = 64 * 1024  # KiB
FLOOD = """
import sys, websocket
url, token = sys.argv[1:]
frame = websocket.ABNF.create_frame('x' * 30_000, websocket.ABNF.OPCODE_TEXT).format()
while True:
    link, sent = websocket.create_connection(url, header=['Authorization: ' + token]), 0
    try:
        while True:
            link.sock.sendall(frame)
            sent += len(frame)
    except OSError:
        print('cut' if sent > 200_000 else 'refused', flush=True)
"""


def milliseconds(call: Callable[[], object]) -> float:
    before = default_timer()
    call()
    return (default_timer() - before) * 1000


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def livez(server: Server, count: int) -> list[float]:
    session = requests.Session()
    session.trust_env = False
    with session:
        return [milliseconds(lambda: session.get(f"{server.url}/livez")) for _ in range(count)]


def test_a_flood_is_cut_before_others_feel_it(server: Server, user: User, tmp_path: Path) -> None:
    livez(server, 50)
    quiet = p95(livez(server, 500))
    url, output = server.url.replace("http", "ws") + "/ws/tasks/", tmp_path / "flood.log"
    command = [sys.executable, "-c", FLOOD, url, user.access]
    with Process(command, output, machine_environ()) as flood:
        wait_until(lambda: "cut" in flood.text(), what="the first cut")
        during = median(p95(livez(server, 200)) for _ in range(5))
        assert flood.running, flood.text()
    cuts = flood.text().count("cut")
    assert flood.text() == "cut\n" * cuts
    print(f"\n/livez p95: quiet {quiet:.1f} ms, while flooded {during:.1f} ms; cut {cuts} times")
    assert during < max(10 * quiet, 20)  # below 2 ms, a quiet value is the machine's mood


def test_an_endless_message_is_cut_before_it_has_cost_1_mib(server: Server, user: User) -> None:
    before = memory(server)
    for _ in range(20):
        stream = WebSocketClient(server.url, user.access)
        send_fragments(stream.socket, 1000, "x" * 4096)
        stream.wait_for_end()
        stream.close()
    growth = memory(server) - before
    print(f"\n20 endless messages: {growth} KiB more memory altogether")
    assert growth < 1024


def write_bulk(user: User, count: int) -> None:
    task = {"title": "x" * 50, "description": "y" * 200}
    operations = [{"action": "create", "task": task}] * BULK
    for _ in range(count // BULK):
        succeed(user.bulk(*operations))


def latencies(server: Server, stop: Callable[[], bool], found: list[float]) -> None:
    """Measure from a POST to its event at another user, again and again."""
    user = register_at(server.url)
    stream: StreamClient = WebSocketClient(server.url, user.access)
    stream.wait("stream_ready")
    while not stop():
        count = len(stream.received) + 1

        def once(count: int = count) -> None:
            user.create_task()
            wait_until(lambda: len(stream.received) >= count, every=0.0005)

        found.append(milliseconds(once))
    stream.close()


def latencies_while(server: Server, work: Callable[[], None]) -> list[float]:
    found, over = list[float](), list[bool]()
    watch = Thread(target=latencies, args=(server, lambda: bool(over), found))
    watch.start()
    work()
    over.append(True)
    watch.join()
    return found


def test_clients_that_do_not_read(start_server: Callable[..., Server]) -> None:
    server = start_server(EVENTS_KEEP_COUNT=200_000)
    user = register_at(server.url)
    other = register_at(server.url)
    write_bulk(other, 5000)  # what writing itself takes
    quiet: list[float] = []
    latencies(server, lambda: len(quiet) >= 100, quiet)
    alone = latencies_while(server, lambda: write_bulk(other, 10_000))
    deaf = [Deaf(server, user, transport) for transport in TRANSPORTS]
    before = memory(server)
    during = latencies_while(server, lambda: write_bulk(user, EVENTS))
    growth = memory(server) - before
    drained = [client.drain() for client in deaf]
    print(f"\n{EVENTS} events beside {len(deaf)} clients that do not read: {growth} KiB more "
          f"memory; they had been sent {drained} bytes when cut. Another user's latency p50/p95: "
          f"quiet {p50(quiet):.1f}/{p95(quiet):.1f} ms, beside a bulk writer {p50(alone):.1f}/"
          f"{p95(alone):.1f}, with the deaf {p50(during):.1f}/{p95(during):.1f}")  # fmt: skip
    assert growth < MOST_GROWTH
    assert p50(during) < 3 * p50(alone) + 5
    for transport in TRANSPORTS.values():
        before_replay = default_timer()
        stream = transport(server.url, user.access, 0)
        stream.wait_for_events(EVENTS, 90)
        assert stream.seqs == list(range(1, EVENTS + 1))
        seconds = default_timer() - before_replay
        print(f"{transport.__name__} resumes: {EVENTS} events in {seconds:.1f} s")
        stream.close()


def p50(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
