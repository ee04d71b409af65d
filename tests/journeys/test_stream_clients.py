"""Real clients that are not ours: socket.io-client and eventsource in Node, curl.

And no token in any log.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.support.api import PASSWORD, Api, User, register_at, through_http
from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.settings import ROOT
from tests.support.streams import TRANSPORTS, BrowserWebSocketClient, PollingClient
from tests.support.waiting import wait_until

pytestmark = ON_SQLITE
IN_NODE = """
const {io} = require('socket.io-client');
let since = 0;
const [url, token, transport] = process.argv.slice(1);
const socket = io(url + '/ws/tasks', {
  transports: transport.split(','), reconnectionDelayMax: 500,
  auth: (give) => give({token, since}),
});
const tell = (name) => (body) => {
  if (body.seq && name.startsWith('task_')) since = body.seq;
  console.log(JSON.stringify([name, body]));
};
for (const name of ['task_create', 'task_update', 'task_delete', 'stream_ready', 'stream_closed'])
  socket.on(name, tell(name));
socket.on('connect_error', (error) => console.log(JSON.stringify(['connect_error', error.data])));
"""
EVENTSOURCE_IN_NODE = """
const {EventSource} = require('eventsource');
const [url, token] = process.argv.slice(1);
const authorized = (input, init) =>
  fetch(input, {...init, headers: {...init.headers, Authorization: `Bearer ${token}`}});
const source = new EventSource(url, {fetch: authorized});
const names = ['task_create', 'task_update', 'task_delete',
               'stream_ready', 'stream_reset', 'stream_closed', 'token_expiring'];
for (const name of names)
  source.addEventListener(name, ({data}) => console.log(JSON.stringify([name, JSON.parse(data)])));
"""

ASK_IN_NODE = """
const {io} = require('socket.io-client');
const [url, token, transport] = process.argv.slice(1);
const socket = io(url, {transports: [transport], reconnection: false, auth: {token}});
const tell = (...what) => { console.log(JSON.stringify(what)); socket.disconnect(); };
socket.on('connect', async () => tell('', await socket.emitWithAck('task_create', {title: 'x'})));
socket.on('connect_error', (error) =>
  tell(error.message, error.data || JSON.parse(error.context.responseText)));
"""


class Program:
    """A client in a process of its own that prints what it receives."""

    def __init__(self, command: list[str], output: Path) -> None:
        self._output = output
        with output.open("w") as file:
            self._process = subprocess.Popen(command, stdout=file, stderr=file, cwd=ROOT)

    def text(self) -> str:
        return self._output.read_text()

    def received(self) -> list[tuple[str, dict[str, object]]]:
        return [tuple(json.loads(line)) for line in self.text().splitlines()]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


Run = Callable[..., Program]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run programs that end with the test at the latest: `run("node", "-e", script)`."""
    numbers = count()
    with ExitStack() as programs:

        def start(name: str, *arguments: str) -> Program:
            path = shutil.which(name)
            assert path, f"{name} is needed"
            program = Program([path, *arguments], tmp_path / f"{name}-{next(numbers)}.log")
            programs.callback(program.stop)
            return program

        yield start


@pytest.mark.parametrize("transport", ["websocket", "polling", "polling,websocket"])
def test_socket_io_client_in_node(server: Server, user: User, run: Run, transport: str) -> None:
    assert (ROOT / "node_modules/socket.io-client").is_dir(), "run `make assets`"
    for _ in range(120):
        user.create_task()
    node = run("node", "-e", IN_NODE, server.url, user.access, transport)
    wait_until(lambda: '"stream_ready"' in node.text(), what=node.text())
    user.create_task("live")
    wait_until(lambda: '"live"' in node.text(), what="the live event")
    server.restart()  # it comes back by itself
    user.create_task("again")
    wait_until(lambda: '"again"' in node.text(), 20, what="the event after the restart")
    node.stop()
    seqs = [body["seq"] for name, body in node.received() if name.startswith("task_")]
    assert seqs == list(range(1, 123))
    closed = [body for name, body in node.received() if name == "stream_closed"]
    assert closed == [{"code": "server_restart", "reconnect": True}]
    print(f"\nNode over {transport}: 1..122, a restart in between")


def test_socket_io_client_in_node_is_refused(server: Server, user: User, run: Run) -> None:
    node = run("node", "-e", IN_NODE, server.url, user.refresh, "polling,websocket")
    wait_until(lambda: "wrong_token_type" in node.text(), what="connect_error")


@pytest.mark.parametrize(("query", "seen"), [("", "stream_ready"), ("?since=99", "stream_reset")])
def test_an_event_source_that_saw_no_event_misses_none(
    start_server: Callable[..., Server], run: Run, query: str, seen: str
) -> None:
    """It reconnects by itself, with the last `id` that it saw."""
    server, other = start_server(), start_server()
    user = register_at(other.url)
    user.create_task("before")
    url = f"{server.url}/api/v1/tasks/stream/{query}"
    node = run("node", "-e", EVENTSOURCE_IN_NODE, url, user.access)
    wait_until(lambda: '"stream_ready"' in node.text(), what="stream_ready")
    server.kill()
    user.create_task("while it was down")
    server.restart()
    wait_until(lambda: node.text().count('"stream_ready"') == 2, what="the reconnection")
    user.create_task("live again")
    wait_until(lambda: '"live again"' in node.text(), what="the live event")
    node.stop()
    names = [name for name, _ in node.received()]
    assert names[0] == seen
    titles = [body["title"] for name, body in node.received() if name == "task_create"]
    assert titles == ["while it was down", "live again"]
    print(f"\nEventSource after {seen} alone: got what was written while the server was down")


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_socket_io_client_in_node_is_told_what_is_wrong(
    start_server: Callable[..., Server], run: Run, transport: str
) -> None:
    server = start_server()
    user = register_at(server.url)

    def ask(url: str) -> tuple[str, dict[str, object]]:
        node = run("node", "-e", ASK_IN_NODE, url, user.access, transport)
        (told,) = wait_until(node.received, what=f"what is wrong: {node.text()}")
        node.stop()
        return told

    message, body = ask(f"{server.url}/nowhere")
    assert "/ws/tasks" in message
    assert body["code"] == "not_found"
    _, body = ask(f"{server.url}/ws/tasks")
    assert (body["action"], body["code"]) == ("error", "malformed_request")
    several = start_server(WEB_CONCURRENCY=2)
    _, body = ask(f"{several.url}/ws/tasks")
    assert (
        body["code"] == {"polling": "websocket_only", "websocket": "malformed_request"}[transport]
    )


def test_curl(server: Server, user: User, run: Run) -> None:
    header, url = f"Authorization: Bearer {user.access}", f"{server.url}/api/v1/tasks/stream/"
    for number in range(150):
        user.create_task(f"{number}")
    curl = run("curl", "-sN", "-H", header, "-H", "Last-Event-ID: 20", url)
    wait_until(lambda: "event: stream_ready" in curl.text(), what="ready")
    user.create_task("live")
    wait_until(lambda: "id: 151" in curl.text(), what="the live event")
    curl.stop()
    ids = re.findall(r"^id: (\d+)\nevent: task_", curl.text(), re.MULTILINE)
    assert ids == [str(seq) for seq in range(21, 152)]
    print("\ncurl: 21..151")


def test_nothing_that_is_nobodys_business_is_in_a_log(start_server: Callable[..., Server]) -> None:
    server = start_server(LOG_LEVEL="DEBUG")
    user = register_at(server.url)
    for transport in [*TRANSPORTS.values(), BrowserWebSocketClient, PollingClient]:
        stream = transport(server.url, user.access)
        stream.wait("stream_ready")
        stream.close()
    paths = ["api/v1/tasks/stream/", "ws/tasks/", "socket.io/", "api/v1/tasks/", "nowhere"]
    for path in paths:
        for query in ("token", "sid", "access_token", "since"):
            Api(through_http(server.url)).get(f"/{path}", params={query: user.access})
    for path in (*paths, "api/v1/auth/login/", "admin/login/"):
        headers = {"X-Anything": "in a header", "Cookie": "a=in-a-cookie"}
        for method in ("GET", "POST"):
            body = {"title": "In a body", "username": user.username, "password": PASSWORD}
            user.call(method, f"/{path}", body, params={"q": "in-a-query"}, headers=headers)
    user.create_task("In a body")
    user.post("auth/logout/")
    secrets = [user.access, user.access.rpartition(".")[2], user.refresh, PASSWORD, "In a body"]
    secrets += ["in a header", "in-a-cookie", "in-a-query"]
    wait_until(lambda: "auth/logout/" in server.text(), what="the last line")
    log = server.text()
    assert [secret for secret in secrets if secret in log] == []
    print(f"\nno token, password, header, query or body in {len(log)} characters of log at DEBUG")
