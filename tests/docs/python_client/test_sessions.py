"""The sessions of the Python client in docs/clients: renewed once, kept, and ended here always."""

import io
import json
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests.docs.blocks import block, run
from tests.docs.driving import CLIENTS, forget_ada
from tests.support.api import PASSWORD, Api, User, succeed, through_http
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)
REFUSED = "a token that the server refuses"


@pytest.fixture
def ada(server: Server) -> Iterator[User]:
    """Who the pages log in as, for one test."""
    yield Api(through_http(server.url)).register("ada_l", password="correct horse")
    forget_ada(server)


def test_threads_renew_a_token_once(tm: Any, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever traded the token of another's trade late would be taken for a thief."""
    urlopen, both, renewals = module.urlopen, threading.Barrier(2, timeout=30), list[str]()

    def refuse_both(request: Any, **options: Any) -> Any:
        if request.full_url.endswith("/refresh/"):
            renewals.append(request.full_url)
        try:
            return urlopen(request, **options)
        except HTTPError:
            both.wait()
            raise

    tm.access = REFUSED
    monkeypatch.setattr(module, "urlopen", refuse_both)
    with ThreadPoolExecutor(2) as threads:
        lists = [threads.submit(tm.tasks.list) for _ in range(2)]
    assert [one.result()["count"] for one in lists] == [0, 0]
    assert len(renewals) == 1


def test_tokens_are_kept_for_a_next_run(server: Server, tm: Any, module: Any) -> None:
    saved = list[Any]()
    tm.on_tokens = lambda: saved.append((tm.access, tm.refresh))
    tm.access = REFUSED
    tm.tasks.create(title="One")
    ((access, refresh),) = saved
    following = module.connect(server.url, REFUSED, refresh)
    assert following.tasks.list()["count"] == 1
    assert REFUSED not in (access, following.access)


def test_the_page_keeps_its_tokens(server: Server, ada: User, tmp_path: Path) -> None:
    """Whoever has the old file open goes on reading it: the new one takes its place as a whole."""
    shutil.copy(CLIENTS / "taskmaster.py", tmp_path)
    saved = tmp_path / "tokens.json"
    run(server.url, block("keep", "python"), tmp_path, "python")
    _, refresh = json.loads(saved.read_text())
    saved.write_text(json.dumps([REFUSED, refresh]))
    with saved.open() as old:
        run(server.url, block("keep", "python"), tmp_path, "python")
        assert json.load(old) == [REFUSED, refresh]
    assert saved.stat().st_mode & 0o777 == 0o600
    assert ada.access != json.loads(saved.read_text())[0] != REFUSED
    assert succeed(ada.get("tasks/"))["count"] == 2
    assert len(succeed(ada.get("auth/sessions/"))["results"]) == 2  # ada's own, and one for both


def test_the_page_repeats_a_task_by_its_key(server: Server, ada: User) -> None:
    for _ in range(2):
        run(server.url, block("key", "python"), CLIENTS, "python")
    assert succeed(ada.get("tasks/"))["count"] == 1


def test_a_removal_is_made_once_while_the_token_runs_out(
    tm: Any, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    urlopen, statuses = module.urlopen, list[int]()

    def lose_the_first(request: Any, **options: Any) -> Any:
        try:
            response = urlopen(request, **options)
        except HTTPError as error:
            statuses.append(error.code)
            raise
        statuses.append(response.status)
        if len(statuses) == 1:
            tm.access = REFUSED
            raise ConnectionResetError("lost on the way")
        return response

    task = tm.tasks.create(title="One")
    monkeypatch.setattr(module, "urlopen", lose_the_first)
    tm.tasks.remove(task["id"])
    assert statuses == [200, 401, 200, 404]  # carried out, refused, renewed, gone already


def test_a_proxy_that_finds_nothing_has_deleted_nothing(
    tm: Any, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = [502, 404]

    def answer_as_a_proxy(request: Any, **options: Any) -> Any:
        page = io.BytesIO(b"A page of a proxy")
        raise HTTPError(request.full_url, statuses.pop(0), "", Message(), page)

    task = tm.tasks.create(title="One")
    monkeypatch.setattr(module, "urlopen", answer_as_a_proxy)
    with pytest.raises(module.TaskmasterError) as refusal:
        tm.tasks.remove(task["id"])
    monkeypatch.undo()
    assert (refusal.value.code, refusal.value.status) == ("unexpected_reply", 404)
    assert tm.tasks.get(task["id"]) == task


def test_a_refused_log_in_leaves_the_session(tm: Any, user: User, module: Any) -> None:
    before = tm.access, tm.refresh, tm.user
    with pytest.raises(module.TaskmasterError) as refusal:
        tm.login(user.username, "wrong")
    assert refusal.value.code == "bad_credentials"
    assert (tm.access, tm.refresh, tm.user) == before
    assert tm.tasks.list()["count"] == 0
    another = Api(user.transport).register()
    tm.login(another.username, PASSWORD)
    assert tm.request("GET", "auth/profile/")["id"] == tm.user["id"] == another.id


def test_a_stream_does_not_go_on_as_somebody_else(
    tm: Any, user: User, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, read = Api(user.transport).register(), module._messages

    def cut(*stream: Any) -> Iterator[Any]:
        yield next(read(*stream))
        tm.login(other.username, PASSWORD)
        yield {"action": "task_create"}  # of the first user, whose connection still stands

    monkeypatch.setattr(module, "_messages", cut)
    messages = tm.messages()
    assert next(messages)["action"] == "stream_ready"
    with pytest.raises(module.TaskmasterError) as refusal:
        next(messages)
    assert refusal.value.code == "session_ended"


def test_it_logs_out_here_whatever_the_server_says(
    server: Server, tm: Any, user: User, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = module.connect(server.url)
    ended.login(user.username, PASSWORD)
    succeed(Api(user.transport, ended.access).post("auth/logout/"))
    monkeypatch.setattr(module, "REPEATED", ())
    away = module.connect("http://127.0.0.1:9", tm.access, tm.refresh)
    mine = Api(user.transport, tm.access)
    for client in (ended, away, tm):
        saved = list[Any]()
        client.on_tokens = lambda client=client, saved=saved: saved.append(client.refresh)
        assert mine.get("auth/profile/").status == 200
        client.logout()
        assert (client.access, client.refresh, client.user, saved) == (None, None, None, [None])
    assert mine.get("auth/profile/").json["code"] == "token_revoked"


def test_it_logs_out_with_a_token_that_ran_out(tm: Any, user: User) -> None:
    mine, tm.access = Api(user.transport, tm.access), REFUSED
    tm.logout()
    assert mine.get("auth/profile/").json["code"] == "token_revoked"
