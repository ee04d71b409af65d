"""A client that says nothing is asked whether it lives, and closed if it does not answer."""

from contextlib import ExitStack, closing
from timeit import default_timer

import pytest

from tests.ops.test_metrics import figure
from tests.support.api import User
from tests.support.deaf import Deaf
from tests.support.server import Server
from tests.support.stage import BY_GUNICORN, OpenAll, Start
from tests.support.stream_polling import ManualPolling
from tests.support.waiting import wait_until

SETUPS = BY_GUNICORN
HEARTBEAT, SILENCE = 1, 8  # seconds, instead of 15 and 60, or 25 and 45 on Socket.IO
PINGS = {"websocket": b"\x89\x00", "socketio": b"\x81\x012"}


@pytest.fixture(scope="module")
def server(start_server: Start) -> Server:
    """A server that is soon worried."""
    return start_server(app="tests.support.impatient", HEARTBEAT=HEARTBEAT, SILENCE=SILENCE)


def wait_until_open(user: User, count: int) -> None:
    """Wait until so many streams are open, those of other tests being gone too."""
    wait_until(
        lambda: figure(user, "stream_connections") == count,
        seconds=SILENCE + 10,
        what=f"{count} open streams",
    )


def test_an_idle_event_stream_says_that_it_lives(server: Server, user: User) -> None:
    with closing(Deaf(server, user, "sse")) as client:
        client.socket.settimeout(HEARTBEAT + 10)
        for _ in "12":
            client.read_until(b": still here\n\n")


def test_who_does_not_answer_is_closed_and_who_answers_stays(
    server: Server, user: User, open_all: OpenAll
) -> None:
    """The silent ones come last: once they are gone, the others have stayed for as long."""
    streams, begun = open_all(server, user), default_timer()
    with ExitStack() as stack:
        clients = {name: stack.enter_context(closing(Deaf(server, user, name))) for name in PINGS}
        ManualPolling(user).wait("stream_ready")
        wait_until_open(user, len(streams) + len(clients) + 1)
        for name, client in clients.items():
            client.socket.settimeout(SILENCE + 10)
            client.read_until(PINGS[name])
        for client in clients.values():
            client.drain()
        wait_until_open(user, len(streams))
    wait_until(lambda: default_timer() - begun > 1.5 * SILENCE, what="pings in a second period")
    user.create_task()
    for stream in streams:
        stream.wait_for_events(1)
