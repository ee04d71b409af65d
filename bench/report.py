"""What a run has found, and the tables that show it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .profile import Samples
from .rows import Rounds, middle
from .stage import Setting
from .streams import Figures

OURS = "taskmaster"
PEERS = ("pocketbase", "django", "fastapi")
LEAST_SHOWN = 0.005  # share of all samples that a package needs to be in the table


class Start(NamedTuple):
    """What starting a server took: until its first answer, and memory in MiB."""

    seconds: float
    memory: float
    largest: float  # process
    after_load: float


@dataclass
class Report:
    """The figures of a run. The rows of calls and of streams are by setting, then by name."""

    how: str
    calls: dict[Setting, dict[str, Rounds]] = field(default_factory=dict)
    starts: dict[Setting, dict[str, Start]] = field(default_factory=dict)
    streams: dict[Setting, dict[str, dict[str, Figures]]] = field(default_factory=dict)
    growth: dict[str, dict[str, Rounds]] = field(default_factory=dict)
    profile: dict[str, Samples] = field(default_factory=dict)

    def ratio(self, setting: Setting, row: str, peer: str) -> float | None:
        """Return how many times as many requests as a peer we answer."""
        rounds = self.calls.get(setting, {}).get(row, {})
        if OURS not in rounds or peer not in rounds:
            return None
        return middle(rounds[OURS]) / middle(rounds[peer])


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown: the first column to the left, the others to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def number(value: float | None) -> str:
    """Return a number as short as it is exact."""
    if value is None:
        return ""
    if math.isinf(value):
        return "∞"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def ratios(report: Report) -> str:
    """Return the table of ratios: our requests a second to each peer's."""
    columns = [(setting, peer) for setting in report.calls for peer in PEERS]
    columns = [
        column for column in columns
        if any(report.ratio(column[0], row, column[1]) for row in report.calls[column[0]])
    ]  # fmt: skip
    names = list(dict.fromkeys(row for calls in report.calls.values() for row in calls))
    rows = [(name, *(number(report.ratio(s, name, peer)) for s, peer in columns)) for name in names]
    head = ["", *(f"{peer}<br>{setting}" for setting, peer in columns)]
    return table(head, [row for row in rows if any(row[1:])])


def calls(report: Report, setting: Setting) -> str:
    """Return the figures of every server in one setting."""
    lines = []
    for row, rounds in report.calls[setting].items():
        for server, results in rounds.items():
            speeds = [result.per_second for result in results]
            spread = f"{number(min(speeds))} to {number(max(speeds))}"
            others = (number(middle(results, name)) for name in ("p50", "p99", "cpu"))
            lines.append((row, server, number(middle(results)), spread, *others))
    head = ("row", "server", "requests/s", "least to most", "p50 ms", "p99 ms", "CPU µs a request")
    return table(head, lines)


def figures(rows: dict[str, dict[str, Figures]]) -> str:
    """Return rows whose figures have names of their own, a table each."""
    parts = []
    for row, servers in rows.items():
        names = list(dict.fromkeys(name for found in servers.values() for name in found))
        lines = [
            (server, *(number(found.get(name)) for name in names))
            for server, found in servers.items()
            if found
        ]
        without = [server for server, found in servers.items() if not found]
        parts.append(f"**{row}**\n\n{table(('server', *names), lines)}")
        if without:
            parts.append(f"Not offered by {', '.join(without)}.\n")
    return "\n".join(parts)


def profile(report: Report, setting: Setting) -> str:
    """Return how many microseconds of each row's CPU were spent in which package."""
    rows = list(report.profile)
    spent = {
        row: middle(report.calls[setting][row][OURS], "cpu") / samples.total()
        for row, samples in report.profile.items()
    }  # a sample
    every = sum(report.profile.values(), Samples())
    lines = [
        (package, *(number(report.profile[row][package] * spent[row]) for row in rows))
        for package, samples in every.most_common()
        if samples > LEAST_SHOWN * every.total()
    ]
    return table(("package", *(f"{row}, µs" for row in rows)), lines)


def growth(report: Report) -> str:
    """Return what each row costs at each size."""
    lines = [
        (row, server, number(middle(results)), number(middle(results, "p50")),
         number(middle(results, "cpu")))
        for rows in report.growth.values()
        for row, rounds in rows.items()
        for server, results in rounds.items()
    ]  # fmt: skip
    return table(("row", "server and size", "requests/s", "p50 ms", "CPU µs a request"), lines)


def starts(report: Report) -> str:
    """Return how long each server took to start, and what it weighs."""
    lines = [
        (str(setting), server, *map(number, start))
        for setting, servers in report.starts.items()
        for server, start in servers.items()
    ]
    head = ("setting", "server", "seconds to the first answer", "MiB then", "largest process",
            "MiB after the load")  # fmt: skip
    return table(head, lines)
