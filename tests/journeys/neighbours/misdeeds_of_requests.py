"""Requests that cost more than they should, or come in floods; most need no token."""

import json
from collections.abc import Callable
from contextlib import suppress
from itertools import islice, product
from string import ascii_lowercase
from uuid import uuid4

from tests.journeys.neighbours.by_hand import answered, connections, get
from tests.journeys.neighbours.rows import JSON, large_log, many_tasks, pause
from tests.journeys.neighbours.scene import Scene, again_and_again, at_once, misdeed
from tests.journeys.neighbours.stage import ONE, TWO
from tests.support.api import PASSWORD, Api, Reply, User

MIB = 2**20


def send(path: str, body: str) -> Callable[[Api], Reply]:
    """Return an act: to post this body."""
    return lambda caller: caller.post(path, data=body.encode(), headers=JSON)


def crowd(scene: Scene, count: int = 4) -> list[Api]:
    """Return so many who need no token, each with many addresses."""
    return [scene.anybody(many_addresses=True) for _ in range(count)]


def metrics_size(scene: Scene) -> None:
    """Ask for the metrics, and judge how many labels have been made up."""
    scene.also("/metrics KiB", len(scene.anybody().get("/metrics").body) / 1024, 1024)


@misdeed("300 made-up methods", expects={405: 300})
def made_up_methods(scene: Scene) -> None:
    caller = scene.anybody(many_addresses=True)
    with scene.watched():
        for _ in range(300):
            caller.call(f"M{uuid4().hex}" * 200, "tasks/")
        metrics_size(scene)


def pour(scene: Scene, head: str, piece: bytes, count: int, status: int) -> None:
    """Send a head and so many pieces after it, again and again; look how it is answered."""

    def act(_: int) -> None:
        with connections(scene, 1) as (link,):
            link.sendall(get("/api/v1/tasks/", None, head).replace(b"GET", b"POST", 1))
            with suppress(OSError):  # the server has had enough
                for _ in range(count):
                    link.sendall(piece)
            scene.answers[status] += answered([link], status)

    with scene.watched():
        again_and_again(act, range(2))


@misdeed("made-up paths", expects={404: 100})
def made_up_paths(scene: Scene) -> None:
    with scene.watched():
        again_and_again(lambda caller: caller.get(f"/{uuid4()}/{uuid4()}"), crowd(scene))
        metrics_size(scene)


@misdeed("log-ins with 78,000 unknown fields", expects={422: 8})
def unknown_fields(scene: Scene) -> None:
    body = json.dumps({f"{number:05}": 0 for number in range(78_000)})
    with scene.watched():
        again_and_again(send("auth/login/", body), crowd(scene))


@misdeed("registrations with fields of 1 MiB", [ONE], expects={422: 20})
def long_fields(scene: Scene) -> None:
    name, rest = "a" * 300_000, "a." * 150_000
    body = json.dumps({"username": name, "email": f"a@{rest}com", "password": name})
    with scene.watched():
        again_and_again(send("auth/register/", body), crowd(scene))


@misdeed("JSON: nested, long numbers, many strings", [ONE], expects={400: 8, 422: 4})
def hard_json(scene: Scene) -> None:
    bodies = ["[" * MIB, "9" * MIB, '{"title": ' * 100_000, "[" + '"",' * 300_000 + '""]',
              f'{{"title": {"9" * 900_000}}}', '"' + "\\u00e9" * 170_000 + '"']  # fmt: skip
    users = scene.times(scene.somebody(), 3)
    with scene.watched():
        again_and_again(lambda user: [send("tasks/", body)(user) for body in bodies], users)


@misdeed("bulks of 340,000 {}", expects={422: 4})
def bulk_of_nothing(scene: Scene) -> None:
    body = '{"operations": [' + "{}," * 340_000 + "{}]}"
    users = scene.times(scene.somebody(), 2)
    with scene.watched():
        again_and_again(send("tasks/bulk/", body), users)


@misdeed("60 bulks of one user at once", expects={200: 10})
def many_bulks(scene: Scene) -> None:
    create = {"action": "create", "task": {"title": "x" * 100, "description": "word " * 1900}}
    body = json.dumps({"operations": [create] * 100})
    users = scene.times(scene.somebody(), 60)
    with scene.watched():
        at_once(send("tasks/bulk/", body), users)


@misdeed("bulks of 100 titles, 10,000 characters below", [ONE, TWO], expects={200: 3})
def many_titles(scene: Scene) -> None:
    """Syllables of Hangul, none of them twice: no text takes longer to fold."""
    user = scene.somebody()
    text = "".join(map(chr, range(0xAC00, 0xAC00 + 10_000)))
    many_tasks(scene.stage.database, user.id, 100, text)
    ids = [task["id"] for task in user.get("tasks/", params={"page_size": 100}).json["results"]]

    def rename(caller: Api) -> None:
        task = {"title": uuid4().hex}
        operations = [{"action": "update", "id": one, "task": task} for one in ids]
        send("tasks/bulk/", json.dumps({"operations": operations}))(caller)

    with scene.watched():
        again_and_again(rename, scene.times(user, 2))


@misdeed("history of a busy task (16 MiB)", expects={200: 50})
def long_history(scene: Scene) -> None:
    user = scene.somebody()
    task = large_log(user)
    with scene.watched():
        again_and_again(lambda caller: caller.get(f"tasks/{task}/history/"), scene.times(user, 4))


@misdeed("replay of a large log (16 MiB)", expects={200: 50})
def long_replay(scene: Scene) -> None:
    user = scene.somebody()
    large_log(user)
    path = "tasks/events/?since=0&limit=1000"
    with scene.watched():
        again_and_again(lambda caller: caller.get(path), scene.times(user, 4))


@misdeed("searches in 10,000 long tasks")
def long_search(scene: Scene) -> None:
    """Each word stands at the end of each task: none of them is left out early."""
    user = scene.somebody()
    words = " ".join(map("".join, islice(product(ascii_lowercase, repeat=2), 66)))
    many_tasks(scene.stage.database, user.id, 10_000, "a " * 1000 + words)
    query = {"search": words, "page_size": 100}
    with scene.watched():
        callers = scene.times(user, 4)
        asked = again_and_again(lambda caller: caller.get("tasks/", params=query), callers)
        scene.expect(asked, len(callers))


@misdeed("lists from far back, by every filter", expects={200: 4})
def deep_lists(scene: Scene) -> None:
    user = scene.somebody()
    many_tasks(scene.stage.database, user.id, 20_000)
    query = {"page": 199, "page_size": 100, "ordering": "-title", "status_task": ["TO DO"] * 300}
    with scene.watched():
        again_and_again(lambda caller: caller.get("tasks/", params=query), scene.times(user, 4))


@misdeed("200 lists of 1 MiB that are never read", [ONE])
def unread_lists(scene: Scene) -> None:
    user = scene.somebody()
    many_tasks(scene.stage.database, user.id, 100, "x" * 10_000)
    ask = get("/api/v1/tasks/?page_size=100", user)
    with scene.watched(), connections(scene, 200) as links:
        for link in links:
            link.sendall(ask)
        pause(3)
        scene.expect(answered(links, 200), 200)


@misdeed("bodies in chunks of one byte, without end", expects={401: 2}, seconds=15)
def endless_chunks(scene: Scene) -> None:
    pour(scene, "Transfer-Encoding: chunked", b"1\r\n \r\n" * 10_000, 1000, 401)


@misdeed("uploads of 50 MiB that are refused", expects={413: 4})
def large_uploads(scene: Scene) -> None:
    pour(scene, f"Content-Length: {50 * MIB}", b"x" * MIB, 50, 413)


@misdeed("heads of 60 KiB, and of 800", expects={431: 20})
def long_heads(scene: Scene) -> None:
    line = "X: " + "x" * 8000
    heads = [get("/livez", None, *[line] * count) for count in (7, 99)]

    def ask(head: bytes) -> None:
        with connections(scene, 1) as (link,):
            with suppress(OSError):
                link.sendall(head)
            scene.answers[431] += answered([link], 431)

    with scene.watched():
        again_and_again(ask, heads)


@misdeed("deletion of an account with 100,000 tasks", expects={200: 1})
def large_account(scene: Scene) -> None:
    user = scene.somebody()
    many_tasks(scene.stage.database, user.id, 100_000)
    with scene.watched():
        user.post("auth/profile/delete/", {"password": PASSWORD})


@misdeed("800 Idempotency-Keys with long replies")
def many_keys(scene: Scene) -> None:
    task = json.dumps({"title": "x", "description": "x" * 10_000}).encode()

    def create(user: User) -> None:
        for _ in range(100):
            user.post("tasks/", data=task, headers=JSON | {"Idempotency-Key": f"{uuid4()}" * 7})

    users = scene.times(scene.somebody(), 8)
    with scene.watched():
        at_once(create, users)
