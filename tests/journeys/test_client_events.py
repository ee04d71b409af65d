"""The iterator of events: it is one user's, and ends at once where its reader wants that."""

import pytest

from tests.support.api import PASSWORD, User, register_at
from tests.support.client_journey import TRANSPORTS, connect
from tests.support.databases import ON_SQLITE
from tests.support.javascript import JavaScript, JavaScriptError, value_of
from tests.support.server import Server

pytestmark = ON_SQLITE
BY_EACH = pytest.mark.parametrize("transport", TRANSPORTS)
LOG_IN = "await {}.login(given.username, given.password);"


@pytest.fixture
def user(server: Server) -> User:
    """Somebody who has one event."""
    found = register_at(server.url)
    found.create_task("Mine")
    return found


@pytest.fixture
def other(server: Server) -> dict[str, str]:
    """The credentials of somebody who has several."""
    found = register_at(server.url)
    for number in range(3):
        found.create_task(f"Secret {number}")
    return {"username": found.username, "password": PASSWORD}


@BY_EACH
@pytest.mark.parametrize("leave", ["await my.client.logout();", ""], ids=["after", "over"])
def test_it_ends_with_its_user(
    server: Server, user: User, other: dict[str, str], js: JavaScript, transport: str, leave: str
) -> None:
    """Somebody else logs in, after a log-out or over who is there."""
    connect(js, server.url, user, transport)
    following = js.begin("await my.follow(0)")
    js.wait("my.seqs.length === 1")
    js.run(leave + LOG_IN.format("my.client"), **other)
    with pytest.raises(JavaScriptError) as refusal:
        value_of(following, 10)
    assert (refusal.value.code, refusal.value.status) == ("session_ended", 401)
    assert js.run("return my.seqs") == [1]


@BY_EACH
def test_it_does_not_come_back_as_another(
    server: Server, user: User, other: dict[str, str], js: JavaScript, transport: str
) -> None:
    """Whoever else has the session's storage logs somebody in, and no news of that comes."""
    connect(js, server.url, user, transport)
    following = js.begin("await my.follow(0)")
    js.wait("my.seqs.length === 1")
    elsewhere = "tm.connect(given.url, { storage: { ...my.storage } })"
    js.run(LOG_IN.format(elsewhere), url=server.url, **other)
    server.restart()
    with pytest.raises(JavaScriptError) as refusal:
        value_of(following)
    assert refusal.value.code == "session_ended"
    assert js.run("return my.seqs") == [1]


# A connection that says what the test lets it say.
SCRIPTED = """
class Scripted {
  constructor() {
    my.say = (one) => this.onmessage({ data: JSON.stringify(one) });
    my.hangUp = () => this.onclose();
  }
  close() {}
}
const client = tm.connect(given.url, { storage: my.storage, WebSocket: Scripted });
my.events = client.events({ since: 0 });
my.first = my.events.next();
"""


def test_nothing_comes_from_behind_a_gap(server: Server, user: User, js: JavaScript) -> None:
    """The reader is busy while the gap is told, and what follows it."""
    connect(js, server.url, user)
    js.run(SCRIPTED, url=server.url)
    event = {"action": "task_create", "title": "One"}
    js.run("my.say(given.one); await my.first", one=event | {"seq": 1})
    gap = [{"action": "stream_reset", "seq": 9}, {"action": "stream_ready", "seq": 9}]
    missed = [event | {"seq": 2}, *gap, event | {"seq": 10}]
    js.run("given.messages.forEach(my.say)", messages=missed)
    assert js.run("return (await my.events.next()).value.seq") == 2
    with pytest.raises(JavaScriptError) as refusal:
        js.run("await my.events.next()")
    assert (refusal.value.code, refusal.value.status) == ("position_expired", 410)


@BY_EACH
def test_a_position_is_a_whole_number(
    server: Server, user: User, js: JavaScript, transport: str
) -> None:
    """It may be text, as storage keeps it."""
    connect(js, server.url, user, transport)
    for since in ("-1", "1.5", "NaN", "Infinity", "2 ** 53", "'abc'", "''", "{}"):
        with pytest.raises(JavaScriptError) as refusal:
            js.run(f"await my.client.events({{ since: {since} }}).next()", 10)
        assert (refusal.value.code, refusal.value.status) == ("validation_failed", 422)
        assert refusal.value.errors == {"since": ["Not a whole number."]}
    first = js.run("return (await my.client.events({ since: '0' }).next()).value", 10)
    assert (first["seq"], first["title"]) == (1, "Mine")


def test_a_refusal_by_the_server_is_thrown(server: Server, user: User, js: JavaScript) -> None:
    """It is not asked again: the answer would be the same."""
    connect(js, server.url, user)
    js.run(SCRIPTED, url=server.url)
    refused = {"action": "error", "code": "validation_failed", "detail": "Not valid."}
    waiting = js.begin("await my.first")
    js.run("my.say(given.refused); my.hangUp()", refused=refused)
    with pytest.raises(JavaScriptError, match=r"Not valid\.") as refusal:
        value_of(waiting, 10)
    assert refusal.value.code == "validation_failed"


@pytest.mark.parametrize("stop", ["my.events.return()", "my.stop.abort()", "my.client.close()"])
def test_a_reader_that_waits_can_stop(
    server: Server, user: User, js: JavaScript, stop: str
) -> None:
    connect(js, server.url, user)
    js.run("my.stop = new AbortController()")
    js.run("my.events = my.client.events({ since: 0, signal: my.stop.signal })")
    assert js.run("return (await my.events.next()).value.title") == "Mine"
    waiting = js.begin("return await my.events.next()")
    js.run(f"await {stop}", 10)
    assert value_of(waiting, 10) == {"done": True}
    user.create_task("Later")
    assert js.run("return await my.events.next()") == {"done": True}
