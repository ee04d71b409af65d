"""For Socket.IO alone: its refusals in words, its close message over polling."""

import json
import socket
import struct
from contextlib import closing
from typing import Any

import pytest
import socketio
import websocket

from taskmaster.streams.websocket.connection import MAX_MESSAGE
from tests.ops.test_metrics import figure
from tests.serving.rawclient import RawClient
from tests.support.api import Api, User, succeed, through_http
from tests.support.asserts import assert_problem, events_of
from tests.support.databases import Database
from tests.support.server import Server
from tests.support.stage import BY_GUNICORN, Start
from tests.support.stream_polling import OPEN, SEPARATOR, ManualPolling
from tests.support.streams import (
    NAMESPACE,
    SOCKETIO_CLIENTS,
    SocketIOClient,
    close_engine,
    in_order,
)
from tests.support.waiting import wait_until

SETUPS = BY_GUNICORN

BOTH = pytest.mark.parametrize("client", SOCKETIO_CLIENTS.values(), ids=SOCKETIO_CLIENTS)


@BOTH
@pytest.mark.parametrize("namespace", ["/", "/ws/tasks/"])
def test_another_namespace_is_refused_and_names_the_right_one(
    server: Server, user: User, client: type[SocketIOClient], namespace: str
) -> None:
    refusals: list[Any] = []
    wrong = socketio.Client(reconnection=False)
    in_order(wrong.eio)
    wrong.on("connect_error", refusals.append, namespace=namespace)
    with pytest.raises(socketio.exceptions.ConnectionError):
        wrong.connect(
            server.url,
            auth={"token": user.access},
            transports=client.transports,
            namespaces=[namespace],
            wait_timeout=10,
        )
    close_engine(wrong.eio)
    (refusal,) = refusals
    assert NAMESPACE in refusal["message"]
    assert refusal["data"] == refusal["data"] | {"status": 404, "code": "not_found"}


@BOTH
@pytest.mark.parametrize("argument", [{"title": "x"}, b"x"], ids=["object", "binary"])
def test_an_unknown_event_is_acknowledged_with_the_error(
    server: Server,
    user: User,
    stream_database: Database,
    client: type[SocketIOClient],
    argument: object,
) -> None:
    with closing(client(server.url, user.access)) as stream:
        stream.wait("stream_ready")
        answer = stream.client.call("task_create", argument, namespace=NAMESPACE, timeout=30)
        assert answer == answer | {"action": "error", "code": "malformed_request"}
        assert "event" in answer["detail"]
        assert stream.authenticate(user.access)["action"] == "authenticated"
    assert events_of(stream_database, user.id) == []


@pytest.mark.parametrize("event", ["connect", "disconnect", "unknown_event"])
def test_the_librarys_own_events_are_unknown_too(server: Server, user: User, event: str) -> None:
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    polling.post(f'42{NAMESPACE},7["{event}"]')
    packets = polling.packets()
    while not any(packet.startswith(f"43{NAMESPACE},7") for packet in packets):
        packets += polling.packets()
    assert any('"malformed_request"' in packet for packet in packets)
    polling.post("1")


def test_who_joins_twice_is_answered_and_stays(server: Server, user: User) -> None:
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    polling.join()
    assert polling.wait("error")["code"] == "malformed_request"
    user.create_task()
    assert polling.wait("task_create")["seq"] == 1
    polling.post("1")


def test_packets_that_are_not_known_are_answered_and_end_nothing(user: User) -> None:
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    unknown = ["0", "2", "2probe", "6", "7", "9"]
    polling.post(SEPARATOR.join([*unknown, "3"]))
    packets = polling.packets()
    while len(packets) < len(unknown):
        packets += polling.packets()
    assert all('"malformed_request"' in packet for packet in packets)
    user.create_task()
    assert polling.wait("task_create")["seq"] == 1
    polling.post("1")


@pytest.mark.parametrize(
    ("event", "answer", "code"),
    [(b'["x"]', "error", "malformed_request"),
     (b'["%b"]' % (b"x" * MAX_MESSAGE), "stream_closed", "message_too_large")],
    ids=["short", "long"],
)  # fmt: skip
def test_a_post_in_chunks_is_taken_in(user: User, event: bytes, answer: str, code: str) -> None:
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    chunks = iter([f"42{NAMESPACE},".encode(), event])
    assert user.post(f"{OPEN}&sid={polling.sid}", data=chunks).status == 200
    assert polling.wait(answer)["code"] == code


@pytest.mark.parametrize("sent", [f'42{NAMESPACE},["authenticate",{{}}]', "4x"])
def test_who_has_not_joined_is_answered(user: User, sent: str) -> None:
    session = f"{OPEN}&sid={json.loads(user.get(OPEN).body[1:])['sid']}"
    assert user.post(session, data=sent.encode()).status == 200
    assert b'"malformed_request"' in user.get(session).body


@pytest.mark.parametrize("setting", [{"WEB_CONCURRENCY": 2}, {"REDIS_URL": "redis://127.0.0.1:1"}])
def test_polling_of_several_processes_is_refused_with_what_to_do(
    start_server: Start, user: User, setting: dict[str, object]
) -> None:
    several = start_server(**setting)
    anybody = Api(through_http(several.url))
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    for reply in (
        anybody.get(OPEN),
        anybody.get(f"{OPEN}&sid=x"),
        anybody.post(f"{OPEN}&sid=x", data=b"1"),
        anybody.get("/socket.io/?EIO=4"),  # polling is the default
        anybody.get(OPEN, headers=upgrade),
    ):
        problem = assert_problem(reply, 400, "websocket_only")
        assert 'transports: ["websocket"]' in problem["detail"]
    with closing(SocketIOClient(several.url, user.access)) as stream:
        stream.wait("stream_ready")


def test_a_client_that_polls_later_is_told_of_the_end(start_server: Start) -> None:
    user = Api(through_http(start_server().url)).register()  # where nobody else is connected
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    succeed(user.post("auth/logout/"))
    wait_until(lambda: figure(user, "stream_connections") == 0, what="the server to hang up")
    packets = polling.packets()
    while packets[-1] != "1":
        packets += polling.packets()
    assert packets == [
        f'42{NAMESPACE},["stream_closed",{{"code":"session_ended","reconnect":false}}]',
        f"41{NAMESPACE},",
        "1",
    ]
    problem = assert_problem(polling.poll(), 400, "malformed_request")
    assert "over" in problem["detail"]


def test_two_polls_at_once_end_the_session_and_lose_nothing(server: Server, user: User) -> None:
    """One may have been given up by its client, and would take what happens."""
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    session = f"{OPEN}&sid={polling.sid}"
    with RawClient(server.port) as one, RawClient(server.port) as other:
        for client in (one, other):
            client.sock.settimeout(10)
            client.request("GET", session)
        answers = {answer.status: answer.body for answer in (one.response(), other.response())}
    assert answers[200] == b"1"
    assert "over" in json.loads(answers[400])["detail"]
    user.create_task()
    assert "over" in assert_problem(polling.poll(), 400, "malformed_request")["detail"]
    again = ManualPolling(user, since=0)
    assert again.wait("task_create")["seq"] == 1
    again.post("1")


def test_a_websocket_that_is_reset_amid_its_upgrade_leaves_polling(
    server: Server, user: User
) -> None:
    polling = ManualPolling(user)
    polling.wait("stream_ready")
    url = OPEN.replace("polling", f"websocket&sid={polling.sid}")
    link = websocket.create_connection(server.url.replace("http", "ws", 1) + url, timeout=10)
    link.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset
    server.pause()  # so that it meets the reset as it answers
    try:
        link.send("2probe")
        link.shutdown()
    finally:
        server.resume()
    user.create_task()
    wait_until(lambda: "task_create" in "".join(polling.packets()), 10, what="the event")
    polling.post("1")
