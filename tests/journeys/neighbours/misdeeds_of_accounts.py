"""Passwords, tokens and sessions: what costs hashing, or opens without end."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from timeit import default_timer
from uuid import uuid4

from tests.journeys.neighbours.scene import Scene, again_and_again, at_once, misdeed
from tests.journeys.neighbours.stage import ONE
from tests.support.api import PASSWORD, Api, User

LOGINS = 5  # of others, one after the other
PATIENCE = 2000  # milliseconds for each


def log_in_beside(scene: Scene, misbehave: Callable[[], None]) -> None:
    """Let others log in meanwhile; judge how long the slowest took and how many were refused."""
    users, taken, refused = [scene.somebody() for _ in range(LOGINS)], [0.0], 0
    with scene.watched(), ThreadPoolExecutor(1) as pool:
        misbehaving = pool.submit(misbehave)
        for user in users:
            begun = default_timer()
            body = {"username": user.username, "password": PASSWORD}
            refused += scene.anybody().post("auth/login/", body).status != 200
            taken.append(default_timer() - begun)
        scene.also("others' log-in", max(taken) * 1000, PATIENCE)
        scene.also("others refused", refused, 0)
        misbehaving.result()


@misdeed("100 guesses at profile/password/ at once", expects={400: 10})
def guesses(scene: Scene) -> None:
    callers = scene.times(scene.somebody(), 100)
    new = {"new_password_1": "correct horse batterz", "new_password_2": "correct horse batterz"}

    def guess(user: User) -> None:
        user.post("auth/profile/password/", new | {"old_password": uuid4().hex})

    log_in_beside(scene, lambda: at_once(guess, callers))


@misdeed("log-ins of one user from everywhere", expects={200: 10})
def many_sessions(scene: Scene) -> None:
    user = scene.somebody()
    body = {"username": user.username, "password": PASSWORD}
    crowd = [scene.anybody(many_addresses=True) for _ in range(20)]
    log_in_beside(scene, lambda: again_and_again(lambda api: api.post("auth/login/", body), crowd))


@misdeed("registrations from everywhere", expects={201: 15})
def many_accounts(scene: Scene) -> None:
    crowd = [scene.anybody(many_addresses=True) for _ in range(20)]

    def register(caller: Api) -> None:
        name = f"user_{uuid4().hex[:12]}"
        body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        caller.post("auth/register/", body)  # where too many hashes wait, it is refused

    log_in_beside(scene, lambda: again_and_again(register, crowd))


@misdeed("a storm of refreshes", expects={200: 50})
def refreshes(scene: Scene) -> None:
    users = [scene.somebody() for _ in range(8)]

    def refresh(user: User) -> None:
        reply = user.post("auth/token/refresh/", {"refresh": user.refresh})
        if reply.status == 200:
            user.refresh = json.loads(reply.body)["refresh"]

    with scene.watched():
        again_and_again(refresh, users)


@misdeed("/readyz, /metrics and the documents, on and on", [ONE], expects={200: 50})
def public_pages(scene: Scene) -> None:
    pages = ("/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/docs/streams")
    headers = {"Accept-Encoding": "gzip"}
    crowd = [scene.anybody(many_addresses=True) for _ in range(4)]
    with scene.watched():
        again_and_again(lambda api: [api.get(page, headers=headers) for page in pages], crowd)
