"""The JavaScript client through kills, outages and a log that forgets: nothing lost, none twice."""

import signal
from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest
from flask import Flask

from taskmaster.streams.hub import MAX_CONNECTIONS
from tests.support.api import Api, User, register_at, succeed, through_client, through_http
from tests.support.client_journey import TRANSPORTS, connect, expect_events, expect_list, listed
from tests.support.databases import ON_SQLITE
from tests.support.javascript import JavaScript, JavaScriptError, value_of
from tests.support.redis import RedisServer
from tests.support.server import Server
from tests.support.stream_websocket import WebSocketClient

KILLS = 3
KEPT = 5
BY_EACH = pytest.mark.parametrize("transport", TRANSPORTS)
OPEN = 'my.open("all"); my.open("todo", { status_task: "TO DO", ordering: "title" });'
# Writes until it is told to stop. Where the client gives up, it comes again with the same key.
WRITE = """
for (my.made = []; !my.enough; ) {
  const title = `Task ${my.made.length}`;
  try {
    const task = await my.client.tasks.create({ title }, { key: title });
    my.made.push(task.id);
    await my.client.tasks.update(task.id, { status_task: "DONE" });
    if (my.made.length % 3 === 0) await my.client.tasks.remove(task.id);
  } catch (error) {
    if (error.code !== "offline") throw error;
  }
}
return my.made;
"""


def expect_lists(js: JavaScript, user: User) -> None:
    expect_list(js, "all", listed(user))
    expect_list(js, "todo", listed(user, status_task="TO DO", ordering="title"))
    assert js.run("return my.lists.all.count") == succeed(user.get("tasks/"))["count"]


@ON_SQLITE
@BY_EACH
def test_it_goes_on_after_kill_9(
    server: Server, user: User, js: JavaScript, transport: str
) -> None:
    connect(js, server.url, user, transport)
    js.begin(f"{OPEN} await my.follow(0)")
    writing = js.begin(WRITE)
    for number in range(1, KILLS + 1):
        js.wait("my.made?.length > given.number * 12", number=number)
        server.kill()
        server.start()
    js.run("my.enough = true")
    made = value_of(writing)
    expect_lists(js, user)
    expect_events(js, user)
    log = succeed(user.get("tasks/events/", params={"limit": 1000}))["results"]
    created = [event for event in log if event["action"] == "task_create"]
    assert [event["id"] for event in created] == made
    assert [event["title"] for event in created] == [f"Task {n}" for n in range(len(made))]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_it_needs_no_redis(
    start_server: Callable[..., Server], redis_server: RedisServer, js: JavaScript
) -> None:
    servers = [start_server(REDIS_URL=redis_server.url) for _ in range(2)]
    user = register_at(servers[0].url)
    elsewhere = Api(through_http(servers[1].url)).login(user.username)
    connect(js, servers[0].url, user)
    js.begin(f"{OPEN} await my.follow(0)")
    for change in (redis_server.kill, redis_server.start, redis_server.restart):
        for number in range(10):
            elsewhere.create_task(f"Before {number}")
        change()
        for number in range(10):
            elsewhere.create_task(f"After {number}")
        expect_lists(js, user)
        expect_events(js, user)
    assert "offline" not in js.run("return my.states")


@ON_SQLITE
@BY_EACH
def test_it_lists_again_what_the_log_has_forgotten(
    server: Server, make_app: Callable[..., Flask], js: JavaScript, transport: str
) -> None:
    """Events are written and pruned while it is away: it cannot resume, and lists anew."""
    app = make_app(EVENTS_KEEP_COUNT=KEPT)
    user = Api(through_client(app.test_client())).register()
    gone = user.create_task("Gone")
    user.create_task("Changed")
    connect(js, server.url, user, transport)
    js.run(OPEN)
    following = js.begin("await my.follow(0)")
    expect_lists(js, user)
    expect_events(js, user)
    server.kill()
    user.delete(f"tasks/{gone['id']}/")
    for number in range(2 * KEPT):
        user.create_task(f"Missed {number}")
    assert app.test_cli_runner().invoke(args=["prune"], catch_exceptions=False).exit_code == 0
    js.run("my.hold()")
    server.start()
    js.wait("my.held > 0")
    user.create_task("While it lists again")
    js.wait("my.lists.all.state === 'connecting'")  # and not live, while the replies are held
    js.run("my.release()")
    expect_lists(js, user)
    user.create_task("Afterwards")
    expect_lists(js, user)
    with pytest.raises(JavaScriptError) as refusal:
        value_of(following)
    assert (refusal.value.code, refusal.value.status) == ("position_expired", 410)


@ON_SQLITE
def test_a_write_whose_reply_was_lost_is_made_once(
    server: Server, user: User, js: JavaScript
) -> None:
    connect(js, server.url, user)
    code = "my.lose(2, given.method); return await my.client.tasks.{}"
    task = js.run(code.format("create({ title: 'One' })"), method="POST")
    operations = [{"action": "update", "id": task["id"], "task": {"title": "Two"}}]
    operations += [{"action": "create", "task": {"title": "Three"}}]
    done = js.run(code.format("bulk(given.operations)"), method="POST", operations=operations)
    assert [one["title"] for one in done] == ["Two", "Three"]
    js.run(code.format("update(given.id, { title: 'Four' })"), method="PATCH", id=task["id"])
    assert js.run(code.format("remove(given.id)"), method="DELETE", id=task["id"]) is None
    back = js.run(code.format("restore(given.id)"), method="POST", id=task["id"])
    assert (back["id"], back["title"]) == (task["id"], "Four")
    actions = [event["action"] for event in succeed(user.get("tasks/events/"))["results"]]
    assert actions == [
        f"task_{what}" for what in ("create", "update", "create", "update", "delete", "create")
    ]


# The first removal is carried out and its reply lost; the second has a token that has run out.
LOSE_AND_EXPIRE = """
const { fetch } = globalThis;
my.statuses = [];
globalThis.fetch = async (url, options) => {
  if (options.method !== "DELETE") return fetch(url, options);
  if (my.statuses.length === 1) options.headers.Authorization = "Bearer expired";
  const reply = await fetch(url, options);
  if (my.statuses.push(reply.status) === 1) throw new TypeError("fetch failed");
  return reply;
};
"""
# A proxy that has lost its server, and then knows no such page.
LOSE_THE_SERVER = """
const { fetch } = globalThis;
const statuses = [502, 404];
globalThis.fetch = (url, options) => {
  if (options.method !== "DELETE") return fetch(url, options);
  return new Response("A page of a proxy", { status: statuses.shift() });
};
"""


@ON_SQLITE
def test_a_removal_is_made_once_while_the_token_runs_out(server: Server, js: JavaScript) -> None:
    user = register_at(server.url)
    task = user.create_task("One")
    connect(js, server.url, user)
    js.run(LOSE_AND_EXPIRE)
    assert js.run("await my.client.tasks.remove(given.id)", id=task["id"]) is None
    assert js.run("return my.statuses") == [200, 401, 404]


@ON_SQLITE
@pytest.mark.parametrize("call", ["tasks.remove", "account.endSession"])
def test_a_proxy_that_finds_nothing_has_deleted_nothing(
    server: Server, js: JavaScript, call: str
) -> None:
    user = register_at(server.url)
    connect(js, server.url, user)
    js.run(LOSE_THE_SERVER)
    with pytest.raises(JavaScriptError) as refusal:
        js.run(f"await my.client.{call}(given.id)", id=user.create_task("One")["id"])
    assert (refusal.value.code, refusal.value.status) == ("unexpected_reply", 404)


@ON_SQLITE
def test_a_session_whose_end_was_not_answered_has_ended(server: Server, js: JavaScript) -> None:
    user = register_at(server.url)
    connect(js, server.url, user)
    js.run(
        "const all = await my.client.account.sessions(); my.other = all.find((one) => !one.current)"
    )
    end = "my.lose(1, 'DELETE'); return await my.client.account.endSession(my.other.id)"
    assert js.run(end) == {"message": "Session ended"}
    assert len(js.run("return await my.client.account.sessions()")) == 1


@ON_SQLITE
def test_a_refusal_after_an_outage_is_told(server: Server, user: User, js: JavaScript) -> None:
    """It is offline already when it is told to stay away: by a server with no room for it."""
    connect(js, server.url, user)
    js.run("my.open('all')")
    js.wait("my.lists.all.state === 'live'")
    server.kill()
    js.wait("my.lists.all.state === 'offline'")
    js.process.send_signal(signal.SIGSTOP)
    server.start()
    with ExitStack() as others:
        for _ in range(MAX_CONNECTIONS):
            stream = others.enter_context(closing(WebSocketClient(server.url, user.access)))
            stream.wait("stream_ready")
        js.process.send_signal(signal.SIGCONT)
        js.wait("my.lists.all.error?.code === 'too_many_connections'")
        with pytest.raises(JavaScriptError) as refusal:
            js.run("await my.follow(0)")
        assert refusal.value.code == "too_many_connections"


@ON_SQLITE
@pytest.mark.parametrize("time", ["new Date('')", "'2030-0'", "'2030-02-01'"])
def test_a_time_that_is_none_is_an_error_of_its_list_alone(
    server: Server, user: User, js: JavaScript, time: str
) -> None:
    """A date that somebody is typing must not break the page."""
    connect(js, server.url, user)
    js.run(f"my.open('all'); my.open('none', {{ due_before: {time} }})")
    js.wait("my.lists.none.error?.code === 'validation_failed'")
    assert js.run("return my.lists.none.state") == "offline"
    user.create_task("One", due_date="2030-01-31T12:00:00Z")
    js.wait("my.lists.all.tasks.length === 1")


@ON_SQLITE
def test_refusals_are_errors_with_a_code(server: Server, user: User, js: JavaScript) -> None:
    connect(js, server.url, user)
    refusals = {
        "my.client.tasks.create({ title: '' })": ("validation_failed", 422),
        "my.client.tasks.remove('1')": ("not_found", 404),
        "my.client.login('nobody', 'nothing')": ("bad_credentials", 401),
        "tm.connect(given.url, { storage: null }).tasks.list()": ("not_authenticated", 401),
        "tm.connect('http://127.0.0.1:9').login('a', 'b')": ("offline", 0),
    }
    for call, expected in refusals.items():
        with pytest.raises(JavaScriptError) as refusal:
            js.run(f"await {call}", url=server.url)
        assert (refusal.value.code, refusal.value.status) == expected
        assert bool(refusal.value.errors) == (expected[0] == "validation_failed")
