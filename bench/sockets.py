"""Streams that listen and show that they live, and what reached them: for frames and for SSE.

A task's title says when it was sent. Whatever a server wraps around an event, the title is in
it once, so the time until it arrived is found without decoding.
"""

import asyncio
import contextlib
import re
import resource
import time
from collections.abc import Iterable

from .http import Connection
from .servers.base import TASK, Account, Server

TITLE = re.compile(rb"at (\d{20})")
LONGEST = 23  # bytes of it
AT_ONCE = 25  # streams being opened
SIGN = 20  # seconds between two signs of life; Taskmaster ends a stream after 60 without any


class Caller:
    """Creates tasks in the name of an account, titled by the time."""

    def __init__(self, server: Server, account: Account) -> None:
        self.server, self.account = server, account
        self.connection = Connection(server.port)

    async def create(self, count: int = 1, at: int | None = None) -> float:
        """Create tasks by one call; return its milliseconds."""
        begun = time.perf_counter_ns()
        task = {**TASK, "title": f"at {at or begun:020}"}
        await self.connection.call(self.server.create(self.account, [task] * count))
        return (time.perf_counter_ns() - begun) / 1e6


class Audience:
    """Streams of one server; `lags` has the milliseconds of each event that reached one."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.lags: list[float] = []
        self._streams: list[_Stream] = []
        self._callers: list[Caller] = []
        self._wanted, self._enough = 0, asyncio.Event()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def caller(self, account: Account) -> Caller:
        """Return what creates tasks for these streams to hear of."""
        self._callers.append(Caller(self.server, account))
        return self._callers[-1]

    async def open(self, accounts: Iterable[Account], since: int | None = None) -> None:
        """Open a stream for each account named, and wait until all are subscribed."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(account: Account) -> None:
            async with limit:
                await self._open(account, since)

        await asyncio.gather(*(one(account) for account in accounts))

    async def _open(self, account: Account, since: int | None) -> None:
        loop = asyncio.get_running_loop()
        port, message = self.server.port, self.server.handshake(account, since)
        make = lambda: _Stream(self, self.server.opened, message)  # noqa: E731
        _, stream = await loop.create_connection(make, "127.0.0.1", port)
        self._streams.append(stream)
        async with asyncio.timeout(60):
            await stream.opened.wait()
        calls = Connection(port)
        await self.server.subscribe(stream.head, account, calls)
        await calls.close()

    async def receive(self, count: int, seconds: float = 60) -> bool:
        """Wait until so many events have arrived since the start; return whether they have."""
        self._wanted = count
        self._enough.clear()
        if len(self.lags) < count:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._enough.wait()
        return len(self.lags) >= count

    def note(self, lag: float) -> None:
        """Take an event in."""
        self.lags.append(lag)
        if len(self.lags) == self._wanted:
            self._enough.set()

    async def __aenter__(self) -> "Audience":
        return self

    async def __aexit__(self, *_: object) -> None:
        for stream in self._streams:
            stream.transport.abort()
        for caller in self._callers:
            await caller.connection.close()
        await asyncio.sleep(0)  # until the streams know


class _Stream(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, audience: Audience, opened: bytes, message: bytes) -> None:
        self.audience, self.mark, self.message = audience, opened, message
        self.opened, self.head, self.rest = asyncio.Event(), b"", b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.message)
        self._show_life_later()

    def _show_life_later(self) -> None:
        asyncio.get_running_loop().call_later(SIGN, self._show_life)

    def _show_life(self) -> None:
        if self.transport.is_closing():
            return
        if self.opened.is_set():
            self.transport.write(self.audience.server.alive)
        self._show_life_later()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter_ns()
        if not self.opened.is_set():
            self.head = self.head[-1_000:] + data
            if self.mark in self.head:
                self.opened.set()
        data, end = self.rest + data, 0
        for match in TITLE.finditer(data):
            self.audience.note((now - int(match[1])) / 1e6)
            end = match.end()
        self.rest = data[max(end, len(data) - LONGEST) :]
