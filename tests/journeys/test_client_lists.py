"""Live lists are what the server would list: whatever is asked for, and whatever changes."""

import random
from typing import Any

import pytest

from tests.support.api import User, register_at, succeed
from tests.support.client_journey import connect, expect_list, listed
from tests.support.databases import ON_SQLITE
from tests.support.javascript import JavaScript
from tests.support.server import Server
from tests.support.waiting import wait_until

pytestmark = ON_SQLITE

BEFORE, CHANGES = 300, 200  # so that many tasks stay as they were
MANY = 10_000
WORDS = ["Café", "cafe", "Straße", "strasse", "Übung", "Ångström", "東京都", "x", "Ωmega", "ΣΑΣ"]
TIMES = ["2030-01-31T12:00:00.000001+00:00", "2030-01-31T14:00:00+02:00", "2031-06-01T00:00:00Z",
         "0999-12-31T00:00:00Z", "9999-12-29T23:59:59.999999Z", None]  # fmt: skip
STATUSES = ["TO DO", "IN PROGRESS", "DONE"]
PRIORITIES = ["LOW", "MEDIUM", "HIGH"]
QUERIES: list[dict[str, Any]] = [
    {},
    {"ordering": "date_created"},
    {"status_task": "TO DO", "ordering": "-last_updated"},
    {"status_task": ["IN PROGRESS", "DONE"], "ordering": "due_date"},
    {"due_before": "2030-01-31T13:00:00+01:00", "ordering": "-due_date"},
    {"due_after": "2030-01-31T12:00:00Z", "ordering": "-priority"},
    {"ordering": "title", "status_task": "DONE"},
    {"search": "cafe", "ordering": "last_updated"},
    {"search": "strasse x"},
    {"ordering": "priority"},
]


def fields(chance: random.Random) -> dict[str, Any]:
    every = {
        "title": " ".join(chance.choices(WORDS, k=2)),
        "description": chance.choice(WORDS),
        "status_task": chance.choice(STATUSES),
        "due_date": chance.choice(TIMES),
        "priority": chance.choice(PRIORITIES),
    }
    return {name: every[name] for name in chance.sample(sorted(every), k=3)}


def change(user: User, chance: random.Random, ids: list[str], gone: list[str]) -> None:
    """Make one change of any kind."""
    kind = chance.choice(["create", "create", "update", "update", "update", "delete", "restore"])
    if kind == "create":
        ids.append(user.create_task(**({"title": "New"} | fields(chance)))["id"])
    elif kind == "update" and ids:
        succeed(user.patch(f"tasks/{chance.choice(ids)}/", fields(chance)))
    elif kind == "delete" and ids:
        gone.append(ids.pop(chance.randrange(len(ids))))
        succeed(user.delete(f"tasks/{gone[-1]}/"))
    elif kind == "restore" and gone:
        ids.append(gone.pop(chance.randrange(len(gone))))
        succeed(user.post(f"tasks/{ids[-1]}/restore/"))


@pytest.mark.parametrize("limit", [None, 7])
def test_they_are_what_the_server_lists(
    server: Server, user: User, js: JavaScript, limit: int | None
) -> None:
    chance = random.Random(5)  # noqa: S311 (the same changes every time)
    connect(js, server.url, user)
    ids = [user.create_task(**({"title": "Old"} | fields(chance)))["id"] for _ in range(BEFORE)]
    gone: list[str] = []
    for number, query in enumerate(QUERIES):
        options = {} if limit is None else {"limit": limit}
        js.run("my.open(given.name, given.query, given.options)",
               name=str(number), query=query, options=options)  # fmt: skip
    for number in range(CHANGES):
        change(user, chance, ids, gone)
        if number == CHANGES // 2:
            js.run("await Promise.all(Object.values(my.lists).map((live) => live.more()))")
    for number, query in enumerate(QUERIES):
        expected = listed(user, **query)
        expect_list(js, str(number), expected, least=limit and limit // 2)
        count = "my.lists[given.name].count === given.count"
        js.wait(count, name=str(number), count=len(expected))


def test_events_are_not_lost_while_a_page_is_on_its_way(
    server: Server, user: User, js: JavaScript
) -> None:
    tasks = [user.create_task(str(number)) for number in range(10)]
    connect(js, server.url, user)
    js.run("my.open('old', { ordering: 'date_created' }, { limit: 5 })")
    js.run("my.told = 0; my.client.onEvent(() => my.told++)")
    expect_list(js, "old", tasks, least=5)
    js.begin("my.hold(); await my.lists.old.more()")
    js.wait("my.held > 0")
    succeed(user.delete(f"tasks/{tasks[7]['id']}/"))
    succeed(user.patch(f"tasks/{tasks[8]['id']}/", {"title": "Changed"}))
    js.wait("my.told === 2")
    js.run("my.release()")
    expect_list(js, "old", listed(user, ordering="date_created"))


def test_more_waits_for_a_list_that_is_on_its_way(server: Server, js: JavaScript) -> None:
    user = register_at(server.url)
    tasks = [user.create_task(str(number)) for number in range(3)]
    connect(js, server.url, user)
    js.run("my.open('titles', { ordering: 'title' }, { limit: 2 })")
    js.wait("my.lists.titles.count === 3")
    js.run("my.hold()")
    succeed(user.patch(f"tasks/{tasks[0]['id']}/", {"title": "00"}))
    js.wait("my.held > 0")
    js.run("my.more = Promise.all([my.lists.titles.more(), my.lists.titles.more()])")
    js.run("my.release(); await my.more")
    assert js.run("return my.lists.titles.tasks.map(({ title }) => title)") == ["00", "1", "2"]


def test_three_columns_of_ten_thousand_tasks(server: Server, user: User, js: JavaScript) -> None:
    for part in range(MANY // 100):
        operations = [
            {"action": "create", "task": {"title": f"{part} {n}", "status_task": STATUSES[n % 3]}}
            for n in range(100)
        ]
        succeed(user.bulk(*operations))
    connect(js, server.url, user)
    for status in STATUSES:
        js.run("my.open(given.status, { status_task: given.status }, { limit: 50 })", status=status)
    counts = "Object.values(my.lists).map((live) => live.count)"
    wait_until(lambda: js.run(f"return {counts}") == [3400, 3300, 3300], what="the counts")
    js.run("await my.lists.DONE.more()")
    oldest = listed(user, 60, ordering="date_created", status_task="TO DO")
    for task in oldest[:40]:  # none of them is loaded
        user.patch(f"tasks/{task['id']}/", {"status_task": "DONE"})
    shown = listed(user, 30, status_task="IN PROGRESS")
    for task in shown:  # all of them are
        user.patch(f"tasks/{task['id']}/", {"status_task": "DONE"})
    wait_until(lambda: js.run(f"return {counts}") == [3360, 3270, 3370], what="the new counts")
    for status in STATUSES:
        expect_list(js, status, listed(user, 200, status_task=status), least=50)
        assert js.run("return my.lists[given.status].hasMore", status=status)
    whole = "while (my.lists.DONE.hasMore) await my.lists.DONE.more()"
    js.run(whole)
    expect_list(js, "DONE", listed(user, status_task="DONE"))


def test_a_page_says_where_the_next_one_is(server: Server, user: User, js: JavaScript) -> None:
    tasks = [user.create_task(str(number)) for number in range(3)]
    connect(js, server.url, user)
    page = "return my.client.tasks.list({ ...given, page_size: 2 })"
    address = f"{server.url}/api/v1/tasks/?page=2&page_size=2"
    assert js.run(page, page=1)["next"] == address
    assert js.run(page, page=2)["next"] is None
    start = js.run(page, cursor="")
    end = js.run(page, cursor=start["next"])
    assert [*start["results"], *end["results"]] == tasks[::-1]
    assert end["next"] is None


def test_a_date_that_was_cleared_is_no_filter(server: Server, user: User, js: JavaScript) -> None:
    dated = user.create_task("Dated", due_date="2030-01-31T12:00:00Z")
    connect(js, server.url, user)
    js.run(
        "my.open('all', { due_before: '', due_after: '', created_after: '', updated_after: '' })"
    )
    expect_list(js, "all", [user.create_task("Undated"), dated])


def test_as_many_are_loaded_as_are_wanted(server: Server, js: JavaScript) -> None:
    user = register_at(server.url)
    for _ in range(3):
        succeed(user.bulk(*[{"action": "create", "task": {"title": "One of many"}}] * 100))
    connect(js, server.url, user)
    js.run("my.open('some', { ordering: null }, { limit: 150 })")
    js.wait("my.lists.some.state === 'live'")
    assert js.run("return my.lists.some.tasks.length") == 150
    twice = "my.lists.some.more(); await my.lists.some.more(); return my.lists.some.tasks.length"
    assert js.run(twice) == 250


def test_a_listener_that_another_one_stops_is_not_called(server: Server, js: JavaScript) -> None:
    user = register_at(server.url)
    connect(js, server.url, user)
    js.run("my.told = []; my.open('all'); my.client.onEvent(() => my.stop())")
    js.run("my.stop = my.client.onEvent(() => my.told.push('stopped'))")
    js.run("my.client.onEvent(() => my.told.push('last'))")
    js.wait("my.lists.all.state === 'live'")
    user.create_task("One")
    js.wait("my.told.includes('last')")
    assert js.run("return my.told") == ["last"]
