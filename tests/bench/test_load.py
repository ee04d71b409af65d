"""A turn counts the requests that were answered, and the CPU that they took."""

import asyncio
from collections.abc import Sequence

import pytest

from bench import load
from bench.http import request
from bench.load import CONNECTIONS, LEAST, Result, Sent

PORT, SESSION = 1, 2


class Machine:
    """wrk has so many answers, asyncio 400; each turn of wrk takes 5 s of CPU, of asyncio 1 s."""

    def __init__(self, by_wrk: int) -> None:
        self.answers, self.cpu = by_wrk, 0.0

    def send(self, port: int, messages: Sequence[bytes], seconds: float) -> Sent:
        self.cpu += 5
        return self.answers, self.answers / seconds, 0.1, 0.2

    def wait(self, port: int, messages: Sequence[bytes], seconds: float) -> Sent:
        self.cpu += 1
        return 400, 200, 0.3, 0.4

    def use(self, patch: pytest.MonkeyPatch) -> None:
        patch.setattr(load, "NAME", "wrk")
        patch.setattr(load, "_by_wrk", self.send)
        patch.setattr(load, "_by_asyncio", self.wait)
        patch.setattr(load.usage, "cpu_seconds", lambda _: self.cpu)
        patch.setattr(load.usage, "wait_until_idle", lambda _: None)


WAITED = Result(200, 300, 400, 1e6 / 400)


@pytest.mark.parametrize("answers", [0, LEAST * CONNECTIONS - 1])
def test_where_wrk_forgets_much_its_turn_counts_for_nothing(
    answers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    Machine(answers).use(monkeypatch)
    assert load.measure(PORT, SESSION, [b""], 2) == WAITED


def test_a_turn_known_to_be_slow_goes_without_wrk(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(10_000)
    machine.use(monkeypatch)
    assert load.measure(PORT, SESSION, [b""], 2, slow=True) == WAITED
    assert machine.cpu == 1


def test_wrk_sends_where_a_connection_has_answers_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = LEAST * CONNECTIONS
    Machine(answers).use(monkeypatch)
    result = load.measure(PORT, SESSION, [b""], 2)
    assert result == Result(answers / 2, 100, 200, 5e6 / answers)


def test_the_warm_up_finds_which_turns_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    Machine(0).use(monkeypatch)  # 200 requests a second
    least = LEAST * CONNECTIONS / 200
    assert load.warm_up(PORT, [b""], least - 0.1)
    assert not load.warm_up(PORT, [b""], least)


def test_every_request_that_is_sent_is_waited_for() -> None:
    seen, late = 0, asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        while await reader.readline():
            await reader.readuntil(b"\r\n\r\n")
            seen += 1
            if seen == CONNECTIONS:  # the turn has begun before, and ends before the replies
                asyncio.get_running_loop().call_later(0.2, late.set)
            await late.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async def send() -> Sent:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await load.send_for(port, [request("GET", "/")], 0.1)

    done, per_second, *_ = asyncio.run(send())
    assert (done, seen) == (CONNECTIONS, CONNECTIONS)
    assert per_second < CONNECTIONS / 0.1
