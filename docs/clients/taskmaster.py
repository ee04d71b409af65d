"""A client of Taskmaster for Python: one file, nothing to install, one thing after the other.

tm = connect("http://127.0.0.1:8000")
tm.login("ada_l", "correct horse")
for event in tm.events(since=0):
    print(event)
"""

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

Json = dict[str, Any]
Many = list[Json]
Text = str | None
PATIENCE = 60.0  # seconds without a byte; a stream says every 15 seconds that it lives
REPEATED = ((PATIENCE, 0.3), (PATIENCE, 1.0), (PATIENCE, 3.0))  # and seconds before the next try
HASTY = ((3.0, 0.3), (3.0, 1.0))  # for a refresh: the server takes it again for 10 seconds
AWAY = (0, 502, 503, 504)  # statuses of a server that cannot be reached; 0 is no reply
NEVER = threading.Event()  # is set by nobody


class TaskmasterError(Exception):
    """A refusal of the API (RFC 9457). Where no reply came, `code` is "offline", `status` 0."""

    def __init__(self, code: str, status: int, detail: str, errors: Any = None, **its: Any) -> None:
        super().__init__(detail)
        self.code, self.status, self.errors = code, status, errors or {}
        self.request_id, self.retry_after = its.get("request_id"), its.get("retry_after")
        self.repeated = False  # whether it is the answer to a request that was sent before


@contextmanager
def _telling_of_cuts() -> Iterator[None]:
    """Turn what can go wrong on the way into a TaskmasterError."""
    try:
        yield
    except HTTPError as error:
        problem: Json = {"code": "unexpected_reply", "detail": f"The server answered {error.code}."}
        with error, suppress(ValueError, TypeError, OSError, HTTPException):  # it was cut
            if error.headers.get_content_type() == "application/problem+json":  # else a proxy's
                problem |= json.load(error)
        after = error.headers["Retry-After"] or ""
        problem |= {"status": error.code, "retry_after": int(after) if after.isdecimal() else None}
        raise TaskmasterError(**problem) from None
    except (OSError, HTTPException, ValueError) as error:
        raise TaskmasterError("offline", 0, f"The server cannot be reached: {error}") from error


def _read(response: HTTPResponse, with_tag: bool = False) -> Json:
    """Return the reply, a list's with its `position` in the log; or a task and its tag."""
    with response:
        reply: Json = json.load(response)
    if position := response.headers["Stream-Position"]:
        reply["position"] = int(position)
    return {"task": reply, "etag": response.headers["ETag"] or '""'} if with_tag else reply


def _messages(stream: HTTPResponse, stop: threading.Event) -> Iterator[Json]:
    """Yield the messages of server-sent events: lines `field: value`, ended by an empty line."""
    fields: dict[str, str] = {}
    for line in iter(lambda: b"" if stop.is_set() else stream.readline(), b""):
        if text := line.decode().rstrip("\n"):
            fields |= [text.partition(": ")[::2]]
        elif "event" in fields:
            message = {**json.loads(fields["data"]), "action": fields["event"]}
            if message.get("reconnect") is False and (code := message["code"]) != "token_expired":
                raise TaskmasterError(code, 401, f"The stream was closed: {code}.")
            yield message
            fields = {}


class Client:
    """A user of the server at `url`, by the tokens of a session if there is one."""

    def __init__(self, url: str, access: str | None = None, refresh: str | None = None) -> None:
        self.url, self.access, self.refresh = url.rstrip("/"), access, refresh
        self.user: Json | None = None
        self.tasks = Tasks(self)
        self.on_tokens: Callable[[], object] = lambda: None  # called when they have changed
        self._lock = threading.RLock()  # of the tokens

    def register(self, username: str, email: str, password: str, **names: str) -> Json:
        """Register and log in; return the user."""
        return self._enter("register", username=username, email=email, password=password, **names)

    def login(self, username: str, password: str) -> Json:
        """Log in with a username or an e-mail; return the user."""
        return self._enter("login", username=username, password=password)

    def logout(self) -> None:
        """Log out: here at once, on the server if it can be reached."""
        with self._lock:
            session = Client(self.url, self.access, self.refresh)
            self._take({}, None)
        with suppress(TaskmasterError):
            session._send("POST", "auth/logout/", tries=REPEATED)

    def request(
        self, method: str, path: str, body: Any = None, key: Text = None, if_match: Text = None
    ) -> Json:
        """Call the API as the user, again after a lost reply where that does no harm."""
        headers = {"Idempotency-Key": key or None, "If-Match": if_match}
        safe = key if method == "POST" else if_match is None
        return self._send(method, path, body, headers, tries=REPEATED if safe else ())

    def events(self, since: int | None = None, stop: threading.Event = NEVER) -> Iterator[Json]:
        """Yield the events after a position, in order, until `stop` is set; 410 if any is gone."""
        for message in self.messages(since, stop):
            if message["action"] == "stream_reset":
                raise TaskmasterError("position_expired", 410, "These events are kept no more.")
            if message["action"].startswith("task_"):
                yield message

    def messages(self, since: int | None = None, stop: threading.Event = NEVER) -> Iterator[Json]:
        """Yield all that the stream says, over as many connections as it takes."""
        pause, owner = 1.0, (self.user or {}).get("id")
        while not stop.is_set():
            path = "tasks/stream/" + ("" if since is None else f"?since={since}")
            try:
                stream: Any = self._send("GET", path, read=lambda response: response)
                with stream, _telling_of_cuts():
                    for message in _messages(stream, stop):
                        if (self.user or {}).get("id") != owner:
                            raise TaskmasterError("session_ended", 401, "Its user has gone.")
                        yield message
                        since, pause = message.get("seq", since), 1.0
            except TaskmasterError as error:
                if error.status not in (*AWAY, 429):
                    raise
            stop.wait(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, 30.0)

    def _enter(self, path: str, **credentials: str) -> Json:
        account = Client(self.url).request("POST", f"auth/{path}/", credentials)
        self._take(account.pop("tokens"), account)
        return account

    def _take(self, tokens: Json, user: Json | None) -> None:
        with self._lock:
            self.access, self.refresh, self.user = tokens.get("access"), tokens.get("refresh"), user
            self.on_tokens()

    def _renew(self, refused: str | None) -> bool:
        """Trade for new tokens, unless another thread has meanwhile; tell whether there are any."""
        with self._lock:
            if self.refresh and self.access == refused:
                call = "POST", "auth/token/refresh/", {"refresh": self.refresh}
                self._take(Client(self.url)._send(*call, tries=HASTY), self.user)
            return self.access != refused

    def _send(self, *call: Any, tries: Any = (), read: Callable[..., Json] = _read) -> Json:
        """Send until it is answered, once with a new token; return the reply as it is read."""
        left, repeated, renewed = [*tries, (PATIENCE, 0.0)], False, False
        while True:
            access, (patience, pause), request = self.access, left[0], self._request(*call)
            try:
                with _telling_of_cuts():
                    return read(urlopen(request, timeout=patience))
            except TaskmasterError as error:
                error.repeated = repeated
                if error.status in AWAY and pause:
                    time.sleep(pause * random.uniform(0.5, 1.5))
                    repeated, left = True, left[1:]
                elif renewed or error.status != 401 or not (renewed := self._renew(access)):
                    raise

    def _request(self, method: str, path: str, body: Any = None, named: Any = ()) -> Request:
        data = None if body is None else json.dumps(body).encode()
        token = f"Bearer {self.access}" if self.access else None
        named = {"Content-Type": "application/json", "Authorization": token, **dict(named)}
        headers = {name: value for name, value in named.items() if value is not None}
        return Request(f"{self.url}/api/v1/{path}", data, headers, method=method)


connect = Client  # by the name that it has in JavaScript


class Tasks:
    """The user's tasks; what is created, changed, got or restored is returned."""

    def __init__(self, client: Client) -> None:
        self._events, self._request, self._send = client.events, client.request, client._send

    def create(self, **fields: Any) -> Json:
        return self._request("POST", "tasks/", fields, os.urandom(16).hex())

    def update(self, task_id: str, *, if_match: Text = None, **changes: Any) -> Json:
        return self._request("PATCH", f"tasks/{task_id}/", changes, if_match=if_match)

    def remove(self, task_id: str, *, if_match: Text = None) -> None:
        try:
            self._request("DELETE", f"tasks/{task_id}/", if_match=if_match)
        except TaskmasterError as error:
            if error.code != "not_found" or not error.repeated:  # else the first was carried out
                raise

    def restore(self, task_id: str) -> Json:
        return self._request("POST", f"tasks/{task_id}/restore/")

    def bulk(self, operations: Many) -> Many:
        """Make up to 100 changes or none; return what became of each task."""
        body = {"operations": operations}
        return [*self._request("POST", "tasks/bulk/", body, os.urandom(16).hex())["results"]]

    def get(self, task_id: str) -> Json:
        return self._request("GET", f"tasks/{task_id}/")

    def get_with_tag(self, task_id: str) -> Json:
        """Return `task`, and in `etag` what `if_match` takes to change this version only."""
        return self._send("GET", f"tasks/{task_id}/", tries=REPEATED, read=lambda r: _read(r, True))

    def list(self, **query: Any) -> Json:
        """Return a page: `results`, `count`, `next` (a cursor if asked by cursor), `position`."""
        given = {name: value for name, value in query.items() if value is not None}
        page = self._request("GET", f"tasks/?{urlencode(given, doseq=True)}")
        cursor = parse_qs(urlsplit(page["next"] or "").query).get("cursor")
        return page | {"next": cursor[0] if cursor else page["next"]}

    def live(self, stop: threading.Event = NEVER, **query: Any) -> Iterator[Many]:
        """Yield all tasks of a query, now and after each change, until `stop` is set."""
        while not stop.is_set():
            try:
                tasks, position = self._all(query)
                yield tasks
                for event in self._events(position, stop):
                    if event["seq"] > position:
                        tasks, position = self._all(query)
                        yield tasks
            except TaskmasterError as error:
                if error.status not in (*AWAY, 410, 429):
                    raise
            stop.wait(random.uniform(0.5, 1.5))

    def _all(self, query: Json) -> tuple[Many, int]:
        """Return all tasks of a query, and a position from which a stream misses nothing."""
        pages = [self.list(**query, cursor="", page_size=100)]
        while cursor := pages[-1]["next"]:
            pages.append(self.list(**query, cursor=cursor, page_size=100))
        return [task for page in pages for task in page["results"]], pages[0]["position"]
