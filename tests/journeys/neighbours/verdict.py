"""What a row of the table must keep to, and how it is printed."""

import os
from collections import Counter
from dataclasses import dataclass, field

# Times in milliseconds, memory in MiB. A time may be exceeded by what it is when all is quiet, and
# by how long the machine, which has other work, has let the bystanders themselves wait.
# None: this misdeed stops it by nature.
Bounds = dict[str, float | None]
BOUNDS: Bounds = {
    "freeze": 300,
    "list": 1000,
    "create": 1000,
    "event": 2000,  # from the request until its event is there
    "growth": 150,
    "kept": 50,
    "5xx": 0,  # of others; no answer is one too
    "readyz": 0,  # answers that are not true to the state
    "events": 0,  # twice, out of order, or after a gap
    "hanging": 0,  # whether a request or an event is still awaited
    "recovery": 5000,
    "faults": 0,  # answers 500 to who misbehaves
}
TIMES = {"freeze", "list", "create", "event"}
# Times, shares and memory, which are more on a busy machine. Counts are not: they are exact.
ELASTIC = TIMES | {"recovery", "growth", "kept", "slower", "cpu", "others' log-in"}
# The machines that run this are shared and noisy: by default only what is far beyond fails.
REFUSED = {"refused", "5xx", "others refused"}  # which may then be some, where it was none
TOLERANCE = float(os.environ.get("NEIGHBOURS_TOLERANCE", "4"))
SHOWN = ("quiet", "machine", "freeze", "list", "create", "growth", "kept", "5xx")
NAME = 46


@dataclass
class Row:
    """The figures of one misdeed in one setup, and the bounds that they must keep to."""

    name: str
    setup: str
    figures: dict[str, float]
    bounds: Bounds
    answers: Counter[int] = field(default_factory=Counter)

    def exceeded(self, factor: float = 1) -> list[str]:
        """Return which bounds do not hold, each with its figure.

        Those of times and memory hold up to so many times what they are.
        """
        return [
            f"{name} {self.figures[name]:.0f} > {bound:.0f}"
            for name, bound in self.bounds.items()
            if bound is not None
            and self.figures[name]
            > bound * (factor if name in ELASTIC else 1)
            + self._allowance(name)
            + (factor - 1 if name in REFUSED else 0)
        ]

    def _allowance(self, name: str) -> float:
        return self.figures["quiet"] + self.figures["machine"] if name in TIMES else 0

    def __str__(self) -> str:
        figures = " | ".join(f"{self.figures[name]:7.0f}" for name in SHOWN)
        verdict = "; ".join(self.exceeded()) or "ok"
        return f"{self.name:{NAME}} | {self.setup:12} | {figures} | {verdict}{self._remarks()}"

    def _remarks(self) -> str:
        own = [
            f"{name} {self.figures[name]:.4g}"
            for name in self.bounds
            if name not in BOUNDS and self.bounds[name] is not None
        ]
        answers = [
            f"{count} x {status or 'none'}" for status, count in sorted(self.answers.items())
        ]
        return f"  ({'; '.join([*own, 'answers ' + ', '.join(answers)])})"


def head() -> str:
    """Return the first two lines of the table."""
    figures = " | ".join(f"{name:>7}" for name in SHOWN)
    line = f"{'misdeed':{NAME}} | {'setup':12} | {figures} | verdict"
    return f"\n{line}\n{'-' * len(line)}"
