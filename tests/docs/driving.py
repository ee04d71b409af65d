"""Drive a client of docs/clients through a cut: it must show every event once, in order."""

from collections.abc import Callable

from tests.support.api import Api, User, succeed, through_http
from tests.support.racing import twin
from tests.support.server import Server
from tests.support.settings import ROOT
from tests.support.waiting import wait_until

CLIENTS = ROOT / "docs" / "clients"
ADDRESS = '"http://127.0.0.1:8000"'  # of the server, in the pages for browsers
# Whoever makes a link must not choose the server: its script would run, and get the token.
LURE = "?server=http://127.0.0.1:9"
Seen = Callable[[], list[int]]


def forget_ada(server: Server) -> None:
    """Delete the account that the pages register or log in as, for the next test on a server."""
    ada = Api(through_http(server.url)).login("ada_l", "correct horse")
    succeed(ada.post("auth/profile/delete/", {"password": "correct horse"}))


def text_for(server: Server, example: str) -> str:
    """Return the text of a page for browsers, with the address of a server."""
    text = (CLIENTS / example).read_text()
    assert text.count(ADDRESS) == 1
    return text.replace(ADDRESS, f'"{server.url}"')


def write(server: Server, user: User, count: int) -> None:
    """Create tasks over a connection of its own."""
    session = twin(user, Api(through_http(server.url)))
    for number in range(count):
        session.create_task(f"Task {number}")


def expect(seen: Seen, count: int) -> None:
    """Wait for so many events; they must be 1, 2, 3 with none missing and none twice."""
    wait_until(lambda: len(seen()) >= count, seconds=40, what=f"{count} events")
    assert seen() == list(range(1, count + 1))


def drive_through_a_crash(server: Server, user: User, seen: Seen) -> None:
    """Write, kill the server, start it again, write more."""
    write(server, user, 5)
    expect(seen, 5)
    server.kill()
    server.restart()
    write(server, user, 5)
    expect(seen, 10)
    elsewhere = twin(user, Api(through_http(server.url)))
    stands = succeed(elsewhere.get("tasks/events/"))["seq"]
    assert stands == 10
