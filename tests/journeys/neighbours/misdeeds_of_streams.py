"""Streams that never read, and connections that are opened and left alone."""

import json
import socket
from collections.abc import Callable
from timeit import default_timer

from tests.journeys.neighbours.by_hand import answered, connections, get, handshake, text_frame
from tests.journeys.neighbours.rows import large_log, pause
from tests.journeys.neighbours.scene import Scene, again_and_again, at_once, misdeed
from tests.journeys.neighbours.stage import ONE
from tests.ops.test_metrics import figure
from tests.support.api import User
from tests.support.stream_client import NAMESPACE, StreamClient
from tests.support.stream_polling import OPEN, ManualPolling
from tests.support.streams import SSEClient, WebSocketClient

EACH = 45  # streams of one user; 50 are allowed
SOCKET_IO = OPEN.replace("polling", "websocket")
CUT = 45  # seconds: a write may be blocked for 30


def join(user: User) -> str:
    """Return the packet that joins the namespace and asks for the whole log."""
    return f"40{NAMESPACE},{json.dumps({'token': user.access, 'since': 0})}"


def by_sse(user: User, link: socket.socket) -> None:
    link.sendall(get("/api/v1/tasks/stream/?since=0", user))


def by_websocket(user: User, link: socket.socket) -> None:
    link.sendall(handshake("/ws/tasks/?since=0", user))


def by_socket_io(user: User, link: socket.socket) -> None:
    link.sendall(handshake(SOCKET_IO))
    while link.recv(1) != b"{":  # of engine.io's first packet, after the answer's head
        pass
    link.sendall(text_frame(join(user)))


def by_polling(user: User, link: socket.socket) -> None:
    sid = json.loads(user.get(OPEN).body[1:])["sid"]
    user.post(f"{OPEN}&sid={sid}", data=join(user).encode())
    link.sendall(get(f"{OPEN}&sid={sid}", user))


def never_read(scene: Scene, way: Callable[[User, socket.socket], None]) -> None:
    """Open streams over a large log, and wait until the server has cut them all."""
    user = scene.somebody()
    large_log(user)
    before = open_streams(scene)
    with connections(scene, EACH) as links, scene.watched():
        for link in links:
            way(user, link)
        pause(1)
        opened = open_streams(scene) - before
        end = default_timer() + CUT
        while default_timer() < end and open_streams(scene) > before:
            pause(1)
    scene.also("not opened", EACH - opened, 5)
    scene.also("not cut", open_streams(scene) - before, 0)


def open_streams(scene: Scene) -> float:
    return figure(scene.anybody(), "stream_connections")


@misdeed("45 streams over 16 MiB never read: SSE", [ONE], seconds=CUT)
def never_read_sse(scene: Scene) -> None:
    never_read(scene, by_sse)


@misdeed("45 streams over 16 MiB never read: WebSocket", [ONE], seconds=CUT)
def never_read_websocket(scene: Scene) -> None:
    never_read(scene, by_websocket)


@misdeed("45 streams over 16 MiB never read: Socket.IO", [ONE], seconds=CUT)
def never_read_socket_io(scene: Scene) -> None:
    never_read(scene, by_socket_io)


@misdeed("45 streams over 16 MiB never read: polling", [ONE], seconds=CUT)
def never_read_polling(scene: Scene) -> None:
    never_read(scene, by_polling)


@misdeed("320 joined sessions that do not poll", [ONE], {"cpu": 0.15}, expects={200: 640})
def never_poll(scene: Scene) -> None:
    users = [scene.somebody() for _ in range(8)]
    with scene.watched():
        at_once(lambda user: [ManualPolling(user) for _ in range(40)], users)
        pause(4)


@misdeed("streams that come and go", [ONE])
def restless(scene: Scene) -> None:
    user = scene.somebody()

    def come_and_go(kind: type[StreamClient]) -> None:
        kind(scene.stage.server.url, user.access, 0).close()

    with scene.watched():
        scene.expect(again_and_again(come_and_go, [WebSocketClient, SSEClient] * 4), 40)


@misdeed("a flood of frames on 8 WebSockets", [ONE])
def frames(scene: Scene) -> None:
    user = scene.somebody()

    def flood(kind: type[WebSocketClient]) -> None:
        stream = kind(scene.stage.server.url, user.access)
        stream.flood(1000, 30_000)
        stream.close()

    with scene.watched():
        scene.expect(again_and_again(flood, [WebSocketClient] * 8), 8)


@misdeed("1,000 connections that say nothing", [ONE])
def silent(scene: Scene) -> None:
    with scene.watched(), connections(scene, 1000):
        pause(3)


@misdeed("1,000 WebSockets without a token", [ONE])
def strangers(scene: Scene) -> None:
    with scene.watched(), connections(scene, 1000) as links:
        for link in links:
            link.sendall(handshake("/ws/tasks/"))
        pause(3)
        scene.expect(answered(links, 101), 1000)


@misdeed("200 bodies that come by single bytes", [ONE])
def slow_bodies(scene: Scene) -> None:
    fields = ("Content-Type: application/json", "Content-Length: 1000000")
    head = get("/api/v1/tasks/", scene.somebody(), *fields).replace(b"GET", b"POST", 1)
    with scene.watched(), connections(scene, 200) as links:
        for piece in (head, *[b"x"] * 7):
            for link in links:
                link.sendall(piece)
            pause(0.5)


@misdeed("20,000 requests in a row, no answer read", [ONE])
def pipelined(scene: Scene) -> None:
    user = scene.somebody()
    asked = get("/api/v1/tasks/", user) * 500

    def send(link: socket.socket) -> None:
        link.settimeout(2)
        for _ in range(5):
            link.sendall(asked)

    with scene.watched(), connections(scene, 8) as links:
        at_once(send, links)
        pause(1)
        scene.expect(answered(links, 200), 8)
