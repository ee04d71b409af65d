"""A plot of one setting: each server's requests a second, as a share of ours. SVG by hand."""

from collections.abc import Iterator
from html import escape

from .report import OURS, PEERS, Report
from .rows import middle
from .stage import Setting

COLOURS = {OURS: "#2563eb", "pocketbase": "#9ca3af", "django": "#059669", "fastapi": "#d97706"}
BAR, GAP, LEFT, WIDTH = 14, 14, 110, 760  # pixels


def plot(report: Report, setting: Setting) -> str:
    """Return the plot as the text of an SVG file."""
    shares = _shares(report, setting)
    most = max((share for row in shares.values() for share in row.values()), default=1)
    scale = (WIDTH - LEFT - 60) / most  # the length of 1
    shapes, y = list[str](), 50
    for row, servers in shares.items():
        shapes.append(_text(LEFT - 8, y + BAR * len(servers) / 2 + 4, row, "end"))
        for server, share in servers.items():
            shapes += _bar(y, share, scale, COLOURS[server])
            y += BAR
        y += GAP
    title = f"Requests a second, Taskmaster as 1 ({setting}); longer is faster"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}"'
            ' font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="white"/>',
            _text(LEFT, 18, title),
            *_legend(),
            *shapes,
            f'<path d="M{LEFT + scale:.0f} 44V{y - GAP}" stroke="{COLOURS[OURS]}"/>',
            "</svg>\n",
        ]
    )


def _shares(report: Report, setting: Setting) -> dict[str, dict[str, float]]:
    """Return each server's requests a second in each row, ours as 1."""
    return {
        row: {
            server: middle(rounds[server]) / middle(rounds[OURS])
            for server in (OURS, *PEERS)
            if server in rounds
        }
        for row, rounds in report.calls[setting].items()
        if OURS in rounds
    }


def _bar(y: float, share: float, scale: float, colour: str) -> Iterator[str]:
    length = share * scale
    yield f'<rect x="{LEFT}" y="{y}" width="{length:.0f}" height="{BAR - 2}" fill="{colour}"/>'
    yield _text(LEFT + length + 5, y + BAR - 3, f"{share:.2f}")


def _legend() -> Iterator[str]:
    for number, (server, colour) in enumerate(COLOURS.items()):
        x = LEFT + number * 110
        yield f'<rect x="{x}" y="28" width="10" height="10" fill="{colour}"/>'
        yield _text(x + 15, 37, server)


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(text)}</text>'
