"""`make bench`: what a call costs, as a ratio to a constant answer through Flask.

Absolute figures belong to the machine and the moment; the ratios of one run carry over.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import requests

from tests.support.process import Process, free_port
from tests.support.waiting import wait_until

from .load import Result, measure, request

ROUNDS = 5
COUNT = 2000  # requests a round
AIMS = {"constant": 1.0, "list of 10": 2.2, "one task": 2.0, "create": 3.5}
PASSWORD = "correct horse battery"


@contextmanager
def serving(command: list[str], port: int, directory: Path, **environ: str) -> Iterator[int]:
    """Run a server; give the id of the process that serves."""
    process = Process(command, directory / f"{port}.log", {**os.environ, **environ})
    process.start()
    try:
        url = f"http://127.0.0.1:{port}/livez"
        wait_until(lambda: _answers(url), 30, what=process.text())
        (worker,) = process.children()
        yield worker
    finally:
        process.stop()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def prepare(url: str) -> dict[str, bytes]:
    """Register somebody with ten tasks; return the requests to measure."""
    body = {"username": "bench", "email": "bench@example.org", "password": PASSWORD}
    token = requests.post(f"{url}/auth/register/", json=body, timeout=30).json()["tokens"]["access"]
    headers = {"Authorization": f"Bearer {token}"}
    task = {"title": "Water the plants", "description": "All of them"}
    made = [
        requests.post(f"{url}/tasks/", json=task, headers=headers, timeout=30).json()["id"]
        for _ in range(10)
    ]
    return {
        "list of 10": request("GET", "/api/v1/tasks/", token),
        "one task": request("GET", f"/api/v1/tasks/{made[0]}/", token),
        "create": request(
            "POST", "/api/v1/tasks/", token, b'{"title":"Water the plants","description":"All"}'
        ),
    }


def main() -> None:
    """Measure in alternating rounds, so that a slow moment of the machine hits all alike."""
    with tempfile.TemporaryDirectory() as name:
        directory, port, floor_port = Path(name), free_port(), free_port()
        settings = {
            "DATABASE_URL": f"sqlite:///{directory}/bench.db",
            "SECRET_KEY": "only-for-this-benchmark-0123456789abcdef",
            "PORT": str(port),
            "ENVIRONMENT": "testing",
            "RATELIMIT_ENABLED": "false",
            "ASYNC_MODE": "eventlet",
        }
        upgrade = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        subprocess.run(upgrade, env={**os.environ, **settings}, check=True)
        serve = [sys.executable, "wsgi.py"]
        floor = settings | {"PORT": str(floor_port)}
        with (
            serving(serve, port, directory, **settings) as pid,
            serving([*serve, "bench.floor:app"], floor_port, directory, **floor) as floor_pid,
        ):
            calls = prepare(f"http://127.0.0.1:{port}/api/v1")
            constant = request("GET", "/constant/01a20471-316f-74d4-8486-a16973169f6d/")
            rounds: dict[str, list[Result]] = {name: [] for name in AIMS}
            for _ in range(ROUNDS):
                rounds["constant"].append(measure(floor_port, floor_pid, constant, COUNT))
                for name, message in calls.items():
                    rounds[name].append(measure(port, pid, message, COUNT))
    report(rounds)


def report(rounds: dict[str, list[Result]]) -> None:
    """Print the table: medians of the rounds, and ratios of CPU to the floor."""
    print(f"{'':12}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}{'ratio':>8}{'aim':>6}")
    floor = median(result.cpu for result in rounds["constant"])
    for name, results in rounds.items():
        figures = [
            median(getattr(result, field) for result in results)
            for field in ("per_second", "p50", "p99", "cpu")
        ]
        row = "".join(f"{figure:9.1f}" for figure in figures)
        print(f"{name:12}{row}{figures[3] / floor:8.2f}{AIMS[name]:6.1f}")


if __name__ == "__main__":
    main()
