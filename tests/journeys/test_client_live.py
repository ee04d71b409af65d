"""Live lists where the network is bad, or the server refuses: never stuck, and never a nuisance."""

import pytest

from tests.support.api import PASSWORD, User, register_at, succeed
from tests.support.client_journey import connect, expect_list, listed
from tests.support.databases import ON_SQLITE
from tests.support.javascript import JavaScript, value_of
from tests.support.server import Server

pytestmark = ON_SQLITE
SLOW = 700  # milliseconds for a list: longer than changes are collected before it is asked for
# Changes the title much more often than a list takes.
CHANGE = """
for (my.changes = 1; !my.enough; my.changes++) {
  await my.client.tasks.update(given.id, { title: `Report ${my.changes}` });
  await new Promise((resolve) => setTimeout(resolve, 150));
}
"""
PAGE = "A page of a proxy"
# A proxy's own page for every request, until `my.well`.
PROXY = """
const { fetch } = globalThis;
globalThis.fetch = async (...call) =>
  my.well ? fetch(...call) : new Response(given.page, { status: given.status });
"""
COUNT = """
const { fetch } = globalThis;
my.asked = 0;
globalThis.fetch = (url, ...rest) => {
  my.asked += url.includes(given.part);
  return fetch(url, ...rest);
};
"""
NUMBER = "Number(my.lists[given.name].tasks[0]?.title.split(' ')[1])"


@pytest.fixture
def user(server: Server, js: JavaScript) -> User:
    """Somebody new, logged in in Node too."""
    found = register_at(server.url)
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


def test_a_reply_that_hangs_holds_a_list_up_for_seconds_only(user: User, js: JavaScript) -> None:
    tasks = [user.create_task(str(number)) for number in range(3)]
    js.run("my.open('titles', { ordering: 'title' }, { limit: 2 })")
    js.wait("my.lists.titles.count === 3")
    js.run("my.hang(1, 'page_size=2')")
    succeed(user.patch(f"tasks/{tasks[0]['id']}/", {"title": "00"}))
    js.wait("my.hung === 1")
    js.run("my.lists.titles.more()")  # it waits for the list that comes, not for the one that hangs
    succeed(user.patch(f"tasks/{tasks[0]['id']}/", {"title": "000"}))
    js.wait("String(my.lists.titles.tasks.map(({ title }) => title)) === '000,1,2'", 15)


def test_a_list_that_is_always_late_arrives_while_much_changes(user: User, js: JavaScript) -> None:
    """The clock runs ten times as fast: each list takes longer than is waited for at first."""
    task = user.create_task("Report 0")
    js.run("my.open('titles', { ordering: 'title' })")
    js.wait("my.lists.titles.state === 'live'")
    js.run("const now = performance.now.bind(performance); performance.now = () => 10 * now()")
    js.run("my.slow(given.milliseconds)", milliseconds=SLOW)
    changing = js.begin(CHANGE, id=task["id"])
    js.wait("my.changes > 10")
    seen = js.run("return my.changes")
    js.wait(f"{NUMBER} >= given.seen", 10, name="titles", seen=seen)
    js.run("my.enough = true")
    value_of(changing)


@pytest.mark.parametrize(
    ("status", "page"),
    [
        *((status, PAGE) for status in (401, 403, 404)),
        (401, '{"code": 401, "message": "No token"}'),
        (401, '{"code": "unauthorized", "detail": "No token"}'),
    ],
)
def test_a_page_of_a_proxy_ends_neither_a_list_nor_the_session(
    user: User, js: JavaScript, status: int, page: str
) -> None:
    user.create_task("One")
    js.run(PROXY, status=status, page=page)
    js.run("my.open('all')")
    js.wait("my.lists.all.error?.code === 'unexpected_reply'")
    js.run("my.well = true")
    expect_list(js, "all", listed(user))
    assert js.run("return my.users") == [[None, None], [user.username, None]]


def test_a_query_that_is_refused_is_not_asked_again(user: User, js: JavaScript) -> None:
    task = user.create_task("Old")
    js.run(COUNT, part="search=xxx")
    js.run("my.open('refused', { search: 'x'.repeat(201) })")
    js.wait("my.lists.refused.error?.status === 422")
    js.run("my.open('titles', { ordering: 'title' })")
    for title in ("New", "Newer"):
        succeed(user.patch(f"tasks/{task['id']}/", {"title": title}))
        expect_list(js, "titles", listed(user, ordering="title"))  # which has asked again
    assert js.run("return [my.asked, my.lists.refused.state]") == [1, "offline"]


def test_a_list_that_waits_is_tried_when_the_network_is_back(
    server: Server, js: JavaScript
) -> None:
    hear = "globalThis.addEventListener = (name, act) => (my.heard[name] ??= []).push(act)"
    js.run(f"my.heard = {{}}; {hear}")
    user = register_at(server.url)
    connect(js, server.url, user)
    js.run(PROXY, status=500, page=PAGE)
    js.run("Math.random = () => 100; my.open('all')")  # its first pause is long
    js.wait("my.lists.all.state === 'offline'")
    js.run("my.well = true; my.heard.online.forEach((act) => act())")
    js.wait("my.lists.all.state === 'live'", 10)


def test_a_write_that_hangs_holds_events_up_for_a_while_and_not_beyond_its_user(
    server: Server, user: User, js: JavaScript
) -> None:
    js.run("my.told = []; my.client.onEvent(({ title }, own) => my.told.push([title, own]))")
    js.run("my.open('all'); my.hang(1, 'tasks/')")
    js.begin("await my.client.tasks.create({ title: 'Held' })")
    js.wait("my.hung === 1")
    user.create_task("Elsewhere")
    js.wait("my.lists.all.tasks.length === 2")
    other = register_at(server.url)
    log_in = "await my.client.login(given.username, given.password)"
    js.run(log_in, username=other.username, password=PASSWORD)
    js.wait("my.lists.all.state === 'live'")
    other.create_task("Of the second user")
    js.wait("my.told.length > 0", 20)
    assert js.run("return my.told") == [["Of the second user", False]]


def test_a_removal_that_is_answered_late_claims_no_later_one(user: User, js: JavaScript) -> None:
    task = user.create_task("One")
    path = f"tasks/{task['id']}/"
    js.run("my.told = []; my.client.onEvent(({ action }, own) => my.told.push([action, own]))")
    js.run("my.open('all')")
    js.wait("my.lists.all.state === 'live'")
    js.run("my.hold()")
    removing = js.begin("await my.client.tasks.remove(given.id)", id=task["id"])
    js.wait("my.told.length === 1", 20)
    js.run("my.release()")
    value_of(removing)
    succeed(user.post(f"{path}restore/"))
    succeed(user.delete(path))
    js.wait("my.told.length === 3")
    told = [["task_delete", False], ["task_create", False], ["task_delete", False]]
    assert js.run("return my.told") == told


def test_a_removal_that_nobody_was_told_of_claims_no_later_one(user: User, js: JavaScript) -> None:
    path = f"tasks/{user.create_task('One')['id']}/"
    js.run("await my.client.tasks.remove(given.id)", id=path.split("/")[1])
    js.run("my.told = []; my.client.onEvent(({ action }, own) => my.told.push([action, own]))")
    js.run("my.open('all')")
    js.wait("my.lists.all.state === 'live'")
    succeed(user.post(f"{path}restore/"))
    succeed(user.delete(path))
    js.wait("my.told.length === 2")
    assert js.run("return my.told") == [["task_create", False], ["task_delete", False]]
