"""The session of the JavaScript client: it outlives its tokens, and is one for all who share it."""

import signal
from collections.abc import Callable

import pytest

from tests.support.api import PASSWORD, User, register_at, succeed
from tests.support.client_journey import TRANSPORTS, connect, expect_events, expect_list, listed
from tests.support.databases import ON_SQLITE, Database
from tests.support.javascript import JavaScript, JavaScriptError, value_of
from tests.support.server import Server
from tests.support.tables import contents
from tests.support.waiting import wait_until

pytestmark = ON_SQLITE
BY_EACH = pytest.mark.parametrize("transport", TRANSPORTS)
LEEWAY = 10  # seconds for which a token that was replaced is no theft


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """A server whose access tokens live for two to three seconds."""
    return start_server(ACCESS_TOKEN_SECONDS=3)


def again(user: User) -> User:
    """Log in anew: the token of the test itself expires too."""
    return user.login(user.username)


def wait_for_new_token(js: JavaScript) -> None:
    js.wait("my.access() !== given.access", access=js.run("return my.access()"))


@BY_EACH
def test_it_outlives_its_tokens(server: Server, user: User, js: JavaScript, transport: str) -> None:
    connect(js, server.url, user, transport)
    js.begin("my.open('all'); await my.follow(0)")
    js.wait("my.lists.all.state === 'live'")
    for number in range(5):
        js.run("await my.client.tasks.create({ title: given.title })", title=str(number))
        wait_for_new_token(js)
    expect_list(js, "all", listed(again(user)))
    expect_events(js, again(user))
    states = js.run("return my.states")
    assert "offline" not in states
    later = states[states.index("live") :]  # renewed in-band, but where a busy machine was late
    assert later.count("connecting") < 3, states
    assert js.run("return my.users") == [[None, None], [user.username, None]]


@BY_EACH
def test_it_wakes_up_after_its_token(
    server: Server, user: User, js: JavaScript, transport: str
) -> None:
    connect(js, server.url, user, transport)
    js.begin("my.open('all'); await my.follow(0)")
    js.wait("my.lists.all.state === 'live'")
    js.process.send_signal(signal.SIGSTOP)
    elsewhere = again(user)
    elsewhere.create_task("While it slept")
    wait_until(lambda: elsewhere.get("tasks/").status == 401, what="the end of a later token")
    again(user).create_task("When its stream was closed")
    js.process.send_signal(signal.SIGCONT)
    expect_list(js, "all", listed(again(user)))
    expect_events(js, again(user))


def test_two_that_share_a_session_are_not_taken_for_theft(
    server: Server, user: User, js: JavaScript
) -> None:
    """One refreshes for longer than a replaced token is let pass, then both do at once."""
    connect(js, server.url, user)
    js.run("my.other = my.connect(); await my.other.tasks.list(); my.begun = Date.now()")
    calls = """
    while (Date.now() - my.begun < given.milliseconds) await my.client.tasks.list();
    const access = my.access();
    for (my.changed = 0; my.changed < 2; my.changed += my.access() !== access) {
      await Promise.all([my.other, my.client, my.other].map((one) => one.tasks.list()));
    }
    """
    value_of(js.begin(calls, milliseconds=1000 * (LEEWAY + 1)))
    assert js.run("return [my.client.user.username, my.users.length]") == [user.username, 2]
    assert len(succeed(again(user).get("auth/sessions/"))["results"]) == 3


def test_a_refresh_whose_reply_does_not_come_is_no_theft(
    server: Server, user: User, js: JavaScript
) -> None:
    connect(js, server.url, user)
    js.run("Math.random = () => 0; my.hang(2, 'auth/token/refresh/')")
    later = again(user)
    wait_until(lambda: later.get("tasks/").status == 401, what="the end of a later token")
    # Two tries of three seconds each: the tokens of the first one have run out by then.
    wait_until(lambda: js.run("return my.client.tasks.list().then(() => true, () => false)"), 30)
    found = js.run("return [my.client.user.username, my.users.length, my.hung]")
    assert found == [user.username, 2, 2]


def test_a_log_out_ends_a_session_whose_token_has_run_out(
    server: Server, database: Database, user: User, js: JavaScript
) -> None:
    connect(js, server.url, user)
    assert len(contents(database)["sessions"]) == 2
    later = again(user)
    wait_until(lambda: later.get("tasks/").status == 401, what="the end of a later token")
    js.run("await my.client.logout()")
    assert len(contents(database)["sessions"]) == 2


@BY_EACH
def test_an_end_elsewhere_is_told_and_a_log_out_is_no_error(
    server: Server, user: User, js: JavaScript, transport: str
) -> None:
    connect(js, server.url, user, transport)
    js.run("my.open('all'); await my.client.tasks.create({ title: 'One' })")
    js.wait("my.lists.all.tasks.length === 1 && my.lists.all.state === 'live'")
    succeed(again(user).call("DELETE", "auth/sessions/"))
    js.wait("my.lists.all.state === 'logged-out'")
    assert js.run("return my.users.at(-1)") == [None, "token_revoked"]
    assert js.run("return [my.lists.all.tasks, my.client.user]") == [[], None]
    with pytest.raises(JavaScriptError) as refusal:
        js.run("await my.client.tasks.list()")
    assert refusal.value.code == "not_authenticated"
    connect_again = "await my.client.login(given.username, given.password)"
    js.run(connect_again, username=user.username, password=PASSWORD)
    js.wait("my.lists.all.tasks.length === 1 && my.lists.all.state === 'live'")
    js.run("await my.client.logout()")
    js.wait("my.lists.all.state === 'logged-out'")
    assert js.run("return my.users.at(-1)") == [None, None]


def test_nothing_of_the_first_user_is_left_for_the_second(
    server: Server, user: User, js: JavaScript
) -> None:
    again(user).create_task("Secret")
    other = register_at(server.url)
    other.create_task("Mine")
    connect(js, server.url, user)
    js.run("my.open('all')")
    expect_list(js, "all", listed(again(user)))
    given = {"username": other.username, "password": PASSWORD}
    js.run("await my.client.login(given.username, given.password)", **given)
    expect_list(js, "all", listed(again(other)))
    other = again(other)
    other.create_task("Mine, live")
    expect_list(js, "all", listed(other))


def test_all_clients_of_a_page_hear_who_is_logged_in(
    server: Server, user: User, js: JavaScript
) -> None:
    """The browser tells other tabs only."""
    other = register_at(server.url)
    again(user).create_task("Secret")
    connect(js, server.url, user)
    js.run("my.first = my.client; my.client = my.connect(); my.told = []; my.open('all')")
    js.run("my.client.onUser((user) => my.told.push(user?.username))")
    expect_list(js, "all", listed(again(user)))
    js.run("await my.first.logout()")
    assert js.run("return [my.lists.all.state, my.lists.all.tasks]") == ["logged-out", []]
    log_in = "await my.first.login(given.username, given.password)"
    js.run(log_in, username=other.username, password=PASSWORD)
    expect_list(js, "all", listed(again(other)))
    js.run("my.client.close(); await my.first.logout()")
    assert js.run("return my.told") == [user.username, None, other.username]


IN_ANOTHER_TAB = """
const { fetch } = globalThis;
globalThis.fetch = async (...call) => {
  globalThis.fetch = fetch; // the rest goes as ever
  const reply = await fetch(...call);
  await my.connect().login(given.username, given.password);
  return reply;
};
await my.client.tasks.create({ title: "Of the first user" });
"""


def test_a_request_of_the_first_user_is_not_made_as_the_second(
    server: Server, user: User, js: JavaScript
) -> None:
    other = register_at(server.url)
    connect(js, server.url, user)
    succeed(again(user).call("DELETE", "auth/sessions/"))
    with pytest.raises(JavaScriptError) as refusal:
        js.run(IN_ANOTHER_TAB, username=other.username, password=PASSWORD)
    assert refusal.value.code == "token_revoked"
    assert js.run("return my.client.user.username") == other.username
    assert listed(again(other)) == []


IN_TWO_TABS = """
const store = () => {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, text) => items.set(key, text),
    removeItem: (key) => items.delete(key),
  };
};
globalThis.localStorage = store();
const open = async ({ stay, ...user }) => {
  globalThis.sessionStorage = store();
  const tab = tm.connect(given.url);
  await tab.login(user.username, given.password, { stay });
  return tab;
};
my.tab = await open({ username: given.mine, stay: false });
await open({ username: given.theirs, stay: true });
"""


def test_who_logs_out_of_a_tab_of_their_own_becomes_nobody_else(
    server: Server, user: User, js: JavaScript
) -> None:
    """Meanwhile somebody else has logged in for all tabs."""
    other = register_at(server.url)
    names = {"mine": user.username, "theirs": other.username}
    js.run(IN_TWO_TABS, url=server.url, password=PASSWORD, **names)
    js.run("my.seen = []; my.tab.onUser((user) => my.seen.push(user?.username))")
    js.run("await my.tab.logout()")
    assert js.run("return my.seen") == [user.username, None]
    log_in = "return (await my.tab.login(given.username, given.password)).username"
    assert js.run(log_in, username=user.username, password=PASSWORD) == user.username
    assert js.run("return my.tab.user.username") == user.username
