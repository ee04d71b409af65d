"""`make bench`: the project beside its peers, on this machine, in one run.

Absolute figures belong to the machine and the moment; the ratios of one run carry over.
"""

import argparse
import asyncio
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from . import environment, growth, load, logins, profile, statements, streams, usage, written
from .report import OURS, Report, Start
from .rows import ROWS, take_turns
from .servers.base import Server
from .servers.floors import EventletFloor, FlaskFloor
from .servers.pocketbase import PocketBase, PocketBaseOnAllCores
from .servers.python_peers import Django, DjangoWSGI, FastAPI
from .servers.taskmaster import Taskmaster
from .stage import Setting, Stage

DIRECTORY = Path(__file__).parent
SETTINGS = [Setting(backend, n) for backend in ("sqlite", "postgresql") for n in (1, 2)]
CALLS = (Taskmaster, PocketBase, DjangoWSGI, FastAPI, FlaskFloor, EventletFloor)
LOG_INS = (Taskmaster, PocketBaseOnAllCores, DjangoWSGI, FastAPI)
STREAMS = (Taskmaster, PocketBase, Django, FastAPI)
# Streams over several processes need a broker, which Django's and FastAPI's ways cannot do without.
STREAM_SETTINGS = {Setting("sqlite", 1): False, Setting("postgresql", 2): True}


class Run:
    """What was asked for, and the steps of a run."""

    def __init__(self, options: argparse.Namespace, stage: Stage) -> None:
        self.options, self.stage = options, stage
        machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
        how = (
            f"{options.rounds} rounds of {options.seconds:g} s each, load by {load.NAME}, {machine}"
        )
        self.report = Report(how)
        self.settings = [one for one in SETTINGS if _word(one) in options.settings]

    def steps(self) -> Iterator[Callable[[], None]]:
        """Yield what measures each part of the report."""
        yield from (partial(self.measure_calls, one) for one in self.settings)
        yield from (partial(self.measure_log_ins, one) for one in self.settings)
        streams = (one for one in STREAM_SETTINGS if one in self.settings)
        yield from (partial(self.measure_streams, one) for one in streams)
        yield self.measure_growth

    def wants(self, row: str) -> bool:
        """Tell whether a row was asked for; without any named, all are."""
        return not self.options.rows or any(word in row for word in self.options.rows)

    def kinds(self, all_kinds: Sequence[type[Server]], setting: Setting) -> list[type[Server]]:
        """Return which servers take part."""
        return [
            kind for kind in all_kinds
            if setting.backend in kind.backends
            and setting.processes <= kind.most_processes
            and kind.name in self.options.servers
        ]  # fmt: skip

    def measure_calls(self, setting: Setting) -> None:
        """Measure the calls."""
        rows = [row for row in ROWS if self.wants(row)]
        if not rows:
            return
        seconds, rounds = self.options.seconds, self.options.rounds
        kinds = self.kinds(CALLS, setting)
        with self.stage.serving(kinds, setting, users=50, tasks=1000) as servers:
            found = self.report.calls[setting] = {}
            for row in rows:
                say(f"{setting}: {row}")
                found[row] = take_turns(servers, row, seconds, rounds)
            self.report.starts[setting] = {server.label: _start(server) for server in servers}
            if setting == SETTINGS[0]:
                for ours in (server for server in servers if server.name == OURS):
                    self.measure_statements(ours)
                    self.take_profile(ours)

    def measure_log_ins(self, setting: Setting) -> None:
        """Measure the log-in, on one database: hashing is all of it."""
        kinds = self.kinds(LOG_INS, setting)
        if not self.wants("log-in") or setting.backend != "sqlite" or not kinds:
            return
        say(f"{setting}: log-in")
        with self.stage.serving(kinds, setting, users=50, tasks=1) as servers:
            found = logins.take_turns(servers, self.options.seconds, self.options.rounds)
        self.report.streams.setdefault(setting, {})["log-in"] = found

    def measure_statements(self, server: Server) -> None:
        """Measure the statements alone, on the database of the project."""
        for row, result in statements.alone(server, self.options.seconds).items():
            if self.wants(row):
                self.report.calls[SETTINGS[0]][row]["statements alone"] = [result]

    def take_profile(self, server: Server) -> None:
        """Find where the CPU of the project's calls goes."""
        try:
            for row in filter(self.wants, profile.ROWS):
                say(f"{SETTINGS[0]}: profile of {row}")
                seconds = 5 * self.options.seconds
                self.report.profile[row] = profile.take_samples(server, row, seconds)
        except PermissionError as error:
            say(f"No profile: {error}")

    def measure_streams(self, setting: Setting) -> None:
        """Measure the streams."""
        rows = streams.rows(self.options.seconds, self.options.sustained, self.options.events)
        rows = {name: row for name, row in rows.items() if self.wants(name)}
        kinds = self.kinds(STREAMS, setting)
        if not rows or not kinds:
            return
        redis = STREAM_SETTINGS[setting]
        with self.stage.serving(kinds, setting, users=200, tasks=10, redis=redis) as servers:
            for name, row in rows.items():
                say(f"{setting}: {name}")
                found = self.report.streams.setdefault(setting, {}).setdefault(name, {})
                for server in servers:
                    found[server.label] = asyncio.run(row(server))  # type: ignore[arg-type]

    def measure_growth(self) -> None:
        """Measure what many rows cost."""
        kinds = self.kinds((Taskmaster, PocketBase), growth.SETTING)
        for name, sizes in {
            "growth of tasks": growth.TASKS,
            "growth of users": growth.USERS,
        }.items():
            if self.wants(name) and kinds:
                say(name)
                self.report.growth[name] = growth.measure_growth(
                    self.stage, kinds, sizes, self.options.seconds, self.options.rounds
                )


def _start(server: Server) -> Start:
    memory = server.start_memory
    after = sum(usage.memory(server.process.pid))
    return Start(server.start_seconds, sum(memory), max(memory), after)


def _word(setting: Setting) -> str:
    return f"{setting.backend}-{setting.processes}"


def say(text: str) -> None:
    """Tell what is being measured."""
    print(text, flush=True)


def options() -> argparse.Namespace:
    """Read the command line."""
    names = list(dict.fromkeys(kind.name for kind in CALLS))
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    add = parser.add_argument
    add("rows", nargs="*", help="parts of the names of rows: create, idle, log-in, growth, ...")
    add("--seconds", type=float, default=2, help="of one turn")
    add("--rounds", type=int, default=3)
    add("--sustained", type=float, default=60, help="seconds of the row with 200 users")
    add("--events", type=int, default=10_000, help="of the replay")
    add("--servers", nargs="*", default=names, choices=names)
    words = [_word(setting) for setting in SETTINGS]
    add("--settings", nargs="*", default=words, choices=words)
    add("--output", type=Path, default=DIRECTORY, help="directory for results.md and results.svg")
    return parser.parse_args()


def main() -> None:
    """Run, and write what was found."""
    asked = options()
    for number in (signal.SIGTERM, signal.SIGHUP):  # so that the servers are stopped too
        if signal.getsignal(number) is not signal.SIG_IGN:  # as by nohup
            signal.signal(number, lambda received, _: sys.exit(128 + received))
    environment.install()
    with Stage() as stage:
        run = Run(asked, stage)
        for step in run.steps():
            step()
            text = written.write(run.report, asked.output)  # after each: a run takes half an hour
    say("\n" + text)


if __name__ == "__main__":
    main()
