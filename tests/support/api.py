"""A tiny client of the API, the same for an application in this process and for a real server."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

PREFIX = "/api/v1/"
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Reply:
    """What came back, whoever carried it."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Transport = Callable[..., Reply]

_used = set[requests.Session]()


def through_client(client: FlaskClient) -> Transport:
    """Carry requests to an application in this process."""

    def carry(method: str, path: str, **options: Any) -> Reply:
        options["query_string"] = options.pop("params", None)
        with client.open(path, method=method, **options) as response:
            return Reply(response.status_code, response.headers, response.data)

    return carry


def through_http(base_url: str) -> Transport:
    """Carry requests to a server, on connections that are kept open. One thread at a time."""
    session = requests.Session()
    session.trust_env = False  # no proxy, no .netrc

    def carry(method: str, path: str, **options: Any) -> Reply:
        _used.add(session)
        response = session.request(
            method, base_url + path, timeout=30, allow_redirects=False, **options
        )
        return Reply(response.status_code, Headers(response.headers), response.content)

    return carry


def close_connections() -> None:
    """Close what `through_http` keeps open; a session that is used again opens new ones."""
    while _used:
        _used.pop().close()


class Api:
    """Calls of one user, or of nobody. Paths are relative to /api/v1/ unless they begin with /."""

    def __init__(self, transport: Transport, access: str | None = None) -> None:
        self.transport, self.access = transport, access

    @property
    def headers(self) -> dict[str, str]:
        """The headers that every call carries."""
        return {"Authorization": f"Bearer {self.access}"} if self.access else {}

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Reply:
        """Send one request, `body` as JSON; options are `params`, `data` and `headers`."""
        options["headers"] = self.headers | dict(options.get("headers") or {})
        if body is not None:
            options["headers"].setdefault("Content-Type", "application/json")
            options["data"] = json.dumps(body)  # ASCII, so that lone surrogates can be sent
        return self.transport(method, path if path.startswith("/") else PREFIX + path, **options)

    def get(self, path: str, **options: Any) -> Reply:
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Reply:
        return self.call("POST", path, json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> Reply:
        return self.call("PUT", path, json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> Reply:
        return self.call("PATCH", path, json, **options)

    def delete(self, path: str, **options: Any) -> Reply:
        return self.call("DELETE", path, **options)

    def register(self, username: str | None = None, **fields: Any) -> "User":
        """Register somebody, by default with a name of their own, and speak as them."""
        username = username or f"user_{uuid4().hex[:12]}"
        body = {"username": username, "email": f"{username}@example.com", "password": PASSWORD}
        body |= fields
        return User(self.transport, succeed(self.post("auth/register/", body), 201))

    def login(self, username: str, password: str = PASSWORD) -> "User":
        """Log in, in a new session, and speak as that user."""
        body = {"username": username, "password": password}
        return User(self.transport, succeed(self.post("auth/login/", body)))

    def create_task(self, title: str = "Water the plants", **fields: Any) -> dict[str, Any]:
        """Create a task and return it."""
        task: dict[str, Any] = succeed(self.post("tasks/", {"title": title, **fields}), 201)
        return task


class User(Api):
    """Somebody logged in: the fields of the account, both tokens, and calls in their name."""

    access: str

    def __init__(self, transport: Transport, account: dict[str, Any]) -> None:
        super().__init__(transport, account["tokens"]["access"])
        self.refresh: str = account["tokens"]["refresh"]
        self.account = {name: value for name, value in account.items() if name != "tokens"}
        self.id: str = account["id"]
        self.username: str = account["username"]

    def bulk(self, *operations: Any, key: str | None = None) -> Reply:
        """Carry out all operations or none, with an Idempotency-Key if there is one."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.post("tasks/bulk/", {"operations": operations}, headers=headers)


def register_at(url: str) -> User:
    """Register somebody at a real server, with connections of their own."""
    return Api(through_http(url)).register()


def succeed(reply: Reply, status: int = 200) -> Any:
    """Return the JSON of a reply with this status; fail with its body otherwise."""
    assert reply.status == status, f"{reply.status}: {reply.body!r}"
    return reply.json
