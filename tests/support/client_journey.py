"""What the journeys of the clients share: a client in Node, and the list that it must have."""

from operator import eq
from typing import Any

from tests.support.api import PASSWORD, User, succeed
from tests.support.javascript import JavaScript
from tests.support.waiting import wait_until

TRANSPORTS = ("websocket", "socketio")
# Connects as `my.client`, and keeps what it is told: users, events, and the states of lists.
CONNECT = """
const items = new Map();
my.storage = {
  getItem: (key) => items.get(key) ?? null,
  setItem: (key, text) => items.set(key, text),
  removeItem: (key) => items.delete(key),
};
my.access = () => JSON.parse([...items.values()][0]).access;
const options = { storage: my.storage, io: given.socketio ? io : undefined };
my.connect = () => tm.connect(given.url, options);
my.client = my.connect();
Object.assign(my, { users: [], seqs: [], states: [], lists: {} });
my.client.onUser((user, why) => my.users.push([user?.username, why?.code]));
my.follow = async (since) => {
  for await (const { seq } of my.client.events({ since })) my.seqs.push(seq);
};
my.open = (name, query, options) => {
  my.lists[name] = my.client.tasks.live(query, options);
  my.lists[name].onState((state) => my.states.push(state));
};
await my.client.login(given.username, given.password);
"""


def connect(js: JavaScript, url: str, user: User, transport: str = "websocket") -> None:
    """Log in as a user in Node, with a session of its own."""
    given: dict[str, Any] = {
        "url": url,
        "socketio": transport == "socketio",
        "username": user.username,
    }
    js.run(CONNECT, password=PASSWORD, **given)


def listed(user: User, limit: int | None = None, **query: Any) -> list[dict[str, Any]]:
    """Return the server's list, all of it or its first part."""
    found: list[dict[str, Any]] = []
    parameters = {**query, "cursor": "", "page_size": 100}
    while limit is None or len(found) < limit:
        page = succeed(user.get("tasks/", params=parameters))
        found += page["results"]
        if not page["next"]:
            break
        parameters["cursor"] = page["next"].rpartition("cursor=")[2].partition("&")[0]
    return found[:limit]


def expect_list(
    js: JavaScript, name: str, expected: list[dict[str, Any]], least: int | None = None
) -> None:
    """Wait until a live list is this one, or the first part of it: at least so many tasks."""
    code = "const live = my.lists[given.name]; return [live.state, live.tasks, live.error?.message]"

    def as_it_is() -> tuple[Any, Any]:
        state, tasks, error = js.run(code, name=name)
        shown = max(len(tasks), len(expected) if least is None else min(least, len(expected)))
        return [state, error, tasks], ["live", None, expected[:shown]]

    try:
        wait_until(lambda: eq(*as_it_is()), 60, every=0.2)
    except AssertionError:
        found, wanted = as_it_is()
        assert found == wanted
        raise


def expect_events(js: JavaScript, user: User) -> None:
    """Wait until the client has had every event of the log, in order and once."""
    head = succeed(user.get("tasks/events/"))["seq"]
    js.wait("my.seqs.length >= given.head", head=head)
    assert js.run("return my.seqs") == list(range(1, head + 1))
