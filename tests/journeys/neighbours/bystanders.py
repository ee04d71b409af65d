"""Well-behaved users in a process of their own; each request and each event becomes a sample.

So the load of whoever misbehaves, in another process, counts only where it reaches the server.
It also asks whether the server lives, and weighs it.
"""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event
from timeit import default_timer

from tests.journeys.neighbours.caller import Caller
from tests.journeys.neighbours.samples import WRONG_EVENT, Recorder, Sample
from tests.support.api import Api, Reply
from tests.support.process import Process, children_of
from tests.support.settings import ROOT, machine_environ
from tests.support.stream_client import ACTIONS, StreamClient, start_thread
from tests.support.stream_journey import FAILURES, mark_of
from tests.support.streams import SocketIOClient, SSEClient, WebSocketClient
from tests.support.waiting import wait_until

LOOKS = 8  # connections that ask for /livez: with several processes, each has some
TASKS = 10  # of each bystander
EVERY = 0.02  # seconds between their questions, taken together
TRANSPORTS: tuple[type[StreamClient], ...] = (WebSocketClient, SSEClient, SocketIOClient)
never = Event()


class Bystander:
    """Lists and changes tasks, and follows them; every change must come back once, in order."""

    def __init__(self, url: str, number: int, recorder: Recorder) -> None:
        self.url, self.recorder = url, recorder
        self.transport = TRANSPORTS[number % len(TRANSPORTS)]
        self.user = Api(Caller(url).carry).register()
        for _ in range(TASKS):
            self.user.create_task()
        self.seq = 0
        start_thread(self.follow)

    def live(self, pause: float) -> None:
        """Make four requests, again and again."""
        for number in count():
            never.wait(pause)
            self.take_a_turn(f"Task {number}", f"Change {number}")

    def take_a_turn(self, title: str, later: str) -> None:
        """List, create a task, change it and delete it."""
        user = self.user
        self.recorder.ask("list", lambda: user.get("tasks/"))
        made = self.change("create", title, lambda: user.post("tasks/", {"title": title}))
        if made is not None:
            task = made.json["id"]
            self.change("update", later, lambda: user.patch(f"tasks/{task}/", {"title": later}))
            self.change("delete", task, lambda: user.delete(f"tasks/{task}/"))

    def change(self, kind: str, mark: str, request: Callable[[], Reply]) -> Reply | None:
        """Make a change. Its event is awaited, unless it is refused."""
        event = self, (f"task_{kind}", mark)
        self.recorder.begin(event, "event")
        reply = self.recorder.ask(kind, request)
        if reply is not None and reply.status < 300:
            return reply
        self.recorder.forget(event)
        return None

    def follow(self) -> None:
        """Take in every event; after a cut, go on where it was."""
        while not never.wait(0.1):
            try:
                stream = self.transport(self.url, self.user.access, self.seq)
            except FAILURES:
                continue
            taken = 0
            while taken < len(stream.received) or not stream.ended.wait(EVERY):
                for name, body in stream.received[taken:]:
                    taken += 1
                    self.take(name, body)
            stream.close()

    def take(self, name: str, body: dict[str, object]) -> None:
        """Take in a message: an event must be the next one."""
        if name in ACTIONS:
            self.recorder.end((self, mark_of(body)), 200)
        if name == "stream_reset" or (name in ACTIONS and body["seq"] != self.seq + 1):
            self.recorder.write(Sample("event", default_timer(), 0, WRONG_EVENT))
        if name in ACTIONS:
            self.seq = int(str(body["seq"]))


def ask_again_and_again(recorder: Recorder, url: str, path: str, pause: float) -> None:
    caller = Api(Caller(url, many_addresses=True).carry)
    while not never.wait(pause):
        recorder.ask(path, lambda: caller.get(path))


def sense_the_machine(recorder: Recorder) -> None:
    """Write how much later than asked for we wake: others wait so long for the machine too."""
    while True:
        begun = default_timer()
        never.wait(EVERY)
        recorder.write(Sample("machine", begun, default_timer() - begun - EVERY))


def weigh_again_and_again(recorder: Recorder, server: int) -> None:
    while not never.wait(0.1):
        pages, ticks = map(sum, zip(*map(weigh, [server, *children_of(server)]), strict=True))
        now = default_timer()
        recorder.write(Sample("memory", now, pages * os.sysconf("SC_PAGE_SIZE") / 2**20))
        recorder.write(Sample("cpu", now, ticks / os.sysconf("SC_CLK_TCK")))
        recorder.write(recorder.settled())


def weigh(pid: int) -> tuple[int, int]:
    """Return the resident pages of a process, and the clock ticks that it has used (Linux)."""
    try:
        resident = Path(f"/proc/{pid}/statm").read_text().split()[1]
        used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    except OSError:  # it has just ended
        return 0, 0
    return int(resident), sum(map(int, used))


def main(url: str, server: int, users: int, pause: float) -> None:
    """Behave well until killed."""
    recorder = Recorder()
    everybody = [Bystander(url, number, recorder) for number in range(users)]
    for one in everybody:
        start_thread(partial(one.live, pause))
    for _ in range(LOOKS):
        start_thread(lambda: ask_again_and_again(recorder, url, "/livez", EVERY * LOOKS))
    start_thread(lambda: ask_again_and_again(recorder, url, "/readyz", 0.5))
    start_thread(lambda: sense_the_machine(recorder))
    weigh_again_and_again(recorder, server)


class Bystanders(Process):
    """The process, and the samples that it has written so far."""

    def __init__(self, url: str, server: int, users: int, pause: float, output: Path) -> None:
        self.crowd = users, pause
        arguments = [url, server, users, pause]
        command = [sys.executable, "-m", __name__, *map(str, arguments)]
        super().__init__(command, output, machine_environ(), ROOT)
        self._samples = defaultdict[str, list[Sample]](list)
        self._read = 0

    def start(self) -> None:
        """Start it and wait until everybody is there."""
        super().start()
        wait_until(lambda: self.of("list"), what=f"bystanders: {self.text()}")

    def of(self, kind: str, begin: float = 0, end: float = float("inf")) -> list[Sample]:
        """Return the samples of a kind that began within a time."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole + newline)
        for line in whole.splitlines():
            sample = Sample(*json.loads(line))
            self._samples[sample.kind].append(sample)
        return [one for one in self._samples[kind] if begin <= one.at < end]


if __name__ == "__main__":
    address, *numbers = sys.argv[1:]
    main(address, int(numbers[0]), int(numbers[1]), float(numbers[2]))
