"""The targets of the project, and whether a run reaches them."""

from collections.abc import Iterator
from math import isinf
from typing import NamedTuple

from . import streams
from .report import OURS, Report
from .rows import CONSTANT, ROWS, middle
from .stage import Setting

ONE, TWO = Setting("sqlite", 1), Setting("sqlite", 2)
FLOOR = "flask-constant"


class Target(NamedTuple):
    """A bound, and what was measured."""

    name: str
    measured: float
    bound: float
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Tell whether the bound is kept."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def targets(report: Report) -> Iterator[Target]:
    """Return every target that this run has figures for."""
    yield from _against_peers(report)
    yield from _against_floor(report)
    yield from _of_streams(report)
    yield from _of_growth(report)
    for setting, servers in report.starts.items():
        if start := servers.get(OURS):
            yield Target(f"seconds to start ({setting})", start.seconds, 1.2)
            name = f"MiB of the largest process at its first answer ({setting})"
            yield Target(name, start.largest, 80)


def _against_peers(report: Report) -> Iterator[Target]:
    for row, bound in {"one task": 0.75, "list of 10": 1.15, "create": 0.55}.items():
        if ratio := report.ratio(TWO, row, "pocketbase"):
            yield Target(f"{row} against PocketBase ({TWO})", ratio, bound, True)
    for peer, bound in {"django": 4, "fastapi": 2}.items():
        for setting, rows in report.calls.items():
            found = {row: ratio for row in rows if (ratio := report.ratio(setting, row, peer))}
            if len(found) == len(ROWS) - 1:  # all that a peer can do, which is not CONSTANT
                worst = min(found, key=lambda row: found[row])
                name = f"every row against {peer} ({setting}): {worst}"
                yield Target(name, found[worst], bound, True)


def _against_floor(report: Report) -> Iterator[Target]:
    rows = report.calls.get(ONE, {})
    floor = rows.get(CONSTANT, {}).get(FLOOR)
    for row, bound in {"list of 10": 2.2, "one task": 2.0, "create": 3.5}.items():
        results = rows.get(row, {}).get(OURS)
        if floor and results:
            ratio = middle(results, "cpu") / middle(floor, "cpu")
            yield Target(f"CPU of {row} against Flask's constant answer", ratio, bound)
    if results := rows.get("list of 10", {}).get(OURS):
        ratio = middle(results, "p99") / middle(results, "p50")
        yield Target("p99 of list of 10 to its p50", ratio, 2)


def _of_streams(report: Report) -> Iterator[Target]:
    for setting, rows in report.streams.items():
        if found := rows.get("log-in", {}).get(OURS):
            yield Target(f"log-ins, % of the bare hashes ({setting})", found["of them %"], 85, True)
            yield Target(f"p99 of /livez meanwhile ({setting})", found["health p99"], 50)
        if found := rows.get(streams.POST_TO_EVENT, {}).get(OURS):
            later = found["event p50"] - found["POST p50"]
            yield Target(f"event after the POST's own p50, ms ({setting})", later, 1)
        for row, figure in streams.COMPARED.items():
            ours = rows.get(row, {}).get(OURS)
            for peer, found in rows.get(row, {}).items():
                # Where both lose events, which of them loses more is not said by a lag.
                if ours and peer != OURS and not (isinf(ours[figure]) and isinf(found[figure])):
                    ratio = ours[figure] / found[figure]
                    yield Target(f"{row}, {figure} to {peer}'s ({setting})", ratio, 1)


def _of_growth(report: Report) -> Iterator[Target]:
    for name, rows in report.growth.items():
        for row, rounds in rows.items():
            costs = [middle(one, "cpu") for server, one in rounds.items() if OURS in server]
            if costs:  # unless `--servers` left us out
                few, many = costs
                yield Target(f"CPU of {row}, {name}", many / few, 1.1)
