"""What clients that do not read a long log cost the process: memory, and for how long."""

from collections.abc import Callable
from timeit import default_timer

import pytest

from tests.ops.test_metrics import figure
from tests.support.api import User, register_at, succeed
from tests.support.databases import ON_SQLITE
from tests.support.deaf import Deaf, memory, processor_seconds
from tests.support.server import Server
from tests.support.stream_polling import ManualPolling
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.alone,
    ON_SQLITE,
]
TASKS, DESCRIPTION = 1600, 10_000  # 16 MB of log
STREAMS = 45
MAX_GROWTH = 150 * 1024  # KiB
BLOCKED = 6  # seconds, instead of 30
IDLE = 320  # polling sessions


def write_long_log(user: User) -> None:
    task = {"title": "x", "description": "y" * DESCRIPTION}
    for _ in range(TASKS // 100):
        operations = [{"action": "create", "task": task}] * 100
        succeed(user.bulk(*operations))


@pytest.mark.parametrize("transport", ["sse", "websocket", "socketio", "polling"])
def test_who_never_reads_a_long_replay_is_cut(
    start_server: Callable[..., Server], transport: str
) -> None:
    server = start_server(app="tests.support.impatient", MAX_BLOCKED=BLOCKED)
    user = register_at(server.url)
    write_long_log(user)
    before = highest = memory(server)
    begun = default_timer()
    open_one = {"polling": lambda: ManualPolling(user, 0)}.get(
        transport, lambda: Deaf(server, user, transport, 0)
    )
    deaf = [open_one() for _ in range(STREAMS)]
    wait_until(lambda: figure(user, "stream_connections") == STREAMS, what="all to be open")

    def all_cut() -> bool:
        nonlocal highest
        highest = max(highest, memory(server))
        return figure(user, "stream_connections") == 0

    wait_until(all_cut, 3 * BLOCKED + 20, every=0.2, what="all to be cut")
    seconds, growth, kept = default_timer() - begun, highest - before, memory(server) - before
    print(f"\n{STREAMS} deaf replays over {transport}: {growth // 1024} MiB more memory, "
          f"{kept // 1024} MiB after the cut, all cut after {seconds:.1f} s")  # fmt: skip
    assert growth < MAX_GROWTH
    assert kept < MAX_GROWTH / 2
    for client in deaf:
        client.close()


def test_polling_sessions_that_do_not_poll_cost_nothing(
    start_server: Callable[..., Server],
) -> None:
    server = start_server()
    for _ in range(IDLE // 40):
        user = register_at(server.url)
        user.create_task()
        for _ in range(40):
            ManualPolling(user, 0)
    assert figure(user, "stream_connections") == IDLE
    before, begun = processor_seconds(server), default_timer()
    wait_until(lambda: default_timer() - begun > 5, 10)
    share = (processor_seconds(server) - before) / (default_timer() - begun)
    print(f"\n{IDLE} polling sessions that do not poll: {share:.1%} of a core")
    assert share < 0.1
