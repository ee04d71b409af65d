"""What has not arrived is slower than all that has, and streams live as long as they are needed."""

import asyncio
import math
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bench import sockets, streams
from bench.report import number
from bench.servers.base import Account, Server

ACCOUNTS = [Account(name, name, "", "") for name in ("one", "other")]
PONG = b"\x8a\x80\0\0\0\0"
HANDSHAKE = b"GET / HTTP/1.1\r\n\r\n"


class Audience:
    """Streams that hear at once of what one account creates, and never of the other's."""

    def __init__(self, server: Server) -> None:
        self.lags: list[float] = []

    async def __aenter__(self) -> "Audience":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def open(self, accounts: list[Account]) -> None:
        pass

    def caller(self, account: Account) -> Any:
        async def create(count: int, due: int) -> None:
            self.lags += [5.0] * count * account.id.count("one")

        return SimpleNamespace(create=create)

    async def receive(self, count: int, seconds: float) -> bool:
        return len(self.lags) >= count


@pytest.mark.parametrize(("users", "p99", "missing"), [(1, 5, 0), (2, math.inf, 10)])
def test_an_event_that_is_missing_has_an_infinite_lag(
    users: int, p99: float, missing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "Audience", Audience)
    monkeypatch.setattr(streams.usage, "cpu_seconds", lambda _: 1.0)
    server = cast(Server, SimpleNamespace(accounts=ACCOUNTS, process=SimpleNamespace(pid=1)))
    found = asyncio.run(streams.sustain(server, 1, users))
    assert found["lag p50"] == 5
    assert (found["lag p99"], found["missing"]) == (p99, missing)
    assert found["delivered %"] == 100 / users


def test_an_infinite_lag_can_be_read() -> None:
    assert number(math.inf) == "∞"


async def listen(alive: bytes, wanted: int) -> bytes:
    """Open a stream, and return what its server gets after the handshake."""
    received = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(len(HANDSHAKE))
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        received.set_result(await reader.readexactly(wanted))
        writer.close()

    async def subscribe(*_: object) -> None:
        pass

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        server = SimpleNamespace(
            port=listening.sockets[0].getsockname()[1],
            handshake=lambda *_: HANDSHAKE,
            subscribe=subscribe,
            opened=b"\r\n\r\n",
            alive=alive,
        )
        async with sockets.Audience(cast(Server, server)) as audience:
            await audience.open(ACCOUNTS[:1])
            async with asyncio.timeout(20):
                return bytes(await received)


def test_a_stream_shows_again_and_again_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "SIGN", 0.01)
    assert asyncio.run(listen(Server.alive, 12)) == PONG * 2
