"""Live lists where the network is bad, or the server refuses: never stuck, and never a nuisance."""

import pytest

from tests.support.api import Api, User, through_http
from tests.support.client_journey import connect, expect_list, listed
from tests.support.javascript import JavaScript, value_of
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SLOW = 700  # milliseconds for a list: longer than changes are collected before it is asked for
# Changes the title much more often than a list takes.
CHANGE = """
for (my.changes = 1; !my.enough; my.changes++) {
  await my.client.tasks.update(given.id, { title: `Report ${my.changes}` });
  await new Promise((resolve) => setTimeout(resolve, 150));
}
"""
NUMBER = "Number(my.lists[given.name].tasks[0]?.title.split(' ')[1])"


@pytest.fixture
def user(server: Server, js: JavaScript) -> User:
    """Somebody new, logged in in Node too."""
    found = Api(through_http(server.url)).register()
    connect(js, server.url, found)
    return found


def test_what_only_the_server_can_list_arrives_while_much_changes(
    user: User, js: JavaScript
) -> None:
    task = user.create_task("Report 0")
    js.run("my.slow(given.milliseconds)", milliseconds=SLOW)
    queries = {"titles": {"ordering": "title"}, "found": {"search": "report"}}
    js.run("my.open('titles', given.query)", query=queries["titles"])
    js.wait("my.lists.titles.state === 'live'")
    changing = js.begin(CHANGE, id=task["id"])
    js.wait("my.changes > 1")
    js.run("my.open('found', given.query)", query=queries["found"])
    for name in queries:
        js.wait("my.lists[given.name].state === 'live'", 10, name=name)
        for _ in range(2):
            seen = js.run("return my.changes")
            js.wait(f"{NUMBER} >= given.seen", 10, name=name, seen=seen)
    js.run("my.enough = true")
    value_of(changing)
    for name, query in queries.items():
        expect_list(js, name, listed(user, **query))
