"""What the parent of the processes does: an address to reload onto, and what its workers need."""

import os
import resource
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from taskmaster.ops import arbiter


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"PORT {port}: "):
            arbiter.check_address("127.0.0.1", port, [("127.0.0.1", 1)])
        arbiter.check_address("127.0.0.1", port, [("127.0.0.1", port)])  # it is ours
    arbiter.check_address("127.0.0.1", 0, [("127.0.0.1", 1)])


@pytest.mark.parametrize(
    ("soft", "hard", "allowed"),
    [
        (1024, 4096, 4096),
        (1024, 100_000, 65_536),
        (1024, resource.RLIM_INFINITY, 65_536),
        (80_000, 100_000, 80_000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, resource.RLIM_INFINITY),
    ],
)
def test_more_descriptors_are_allowed_and_never_fewer(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, allowed: int
) -> None:
    limits = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    arbiter.allow_descriptors(65_536)
    assert limits[-1] == (allowed, hard)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where directories are made, with none named yet."""
    monkeypatch.setattr(arbiter, "MEMORY", tmp_path)
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setenv(arbiter.METRICS_DIRECTORY, "")
    return tmp_path


@pytest.fixture
def server() -> SimpleNamespace:
    """What the hooks see of an arbiter of two processes."""
    return SimpleNamespace(num_workers=2)


def told_to_workers(server: SimpleNamespace) -> str | None:
    """Return what the next worker finds in its environment; ours is as it was given."""
    given = dict(os.environ)
    arbiter.make_metrics_directory(server)
    assert os.environ == given
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(arbiter.METRICS_DIRECTORY, given[arbiter.METRICS_DIRECTORY])
        arbiter.tell_metrics_directory(server)
        return os.environ.get(arbiter.METRICS_DIRECTORY)


def test_one_process_needs_no_place(place: Path, server: SimpleNamespace) -> None:
    server.num_workers = 1
    assert told_to_workers(server) is None
    arbiter.delete_live_gauges_of("7", server)
    arbiter.remove_metrics_directory(server)
    assert list(place.iterdir()) == []


def test_several_have_one_which_goes_at_the_end(place: Path, server: SimpleNamespace) -> None:
    first, second = told_to_workers(server), told_to_workers(server)
    (made,) = place.iterdir()
    assert first == second == str(made)
    for name in ("gauge_livesum_7.db", "counter_7.db"):
        (made / name).touch()
    arbiter.delete_live_gauges_of("7", server)
    assert [file.name for file in made.iterdir()] == ["counter_7.db"]
    arbiter.remove_metrics_directory(server)
    assert list(place.iterdir()) == []
    assert told_to_workers(server) == str(made)  # a cleaner has taken it away
    assert made.is_dir()


def test_the_place_of_an_operator_is_made_and_stays(
    place: Path, server: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(arbiter.METRICS_DIRECTORY, str(place / "figures"))
    assert told_to_workers(server) == str(place / "figures")
    arbiter.remove_metrics_directory(server)
    assert [file.name for file in place.iterdir()] == ["figures"]


@pytest.mark.parametrize(
    ("host", "looked_up"),
    [(None, False), ("", False), ("localhost", False), ("127.0.0.1", False), ("::1", False),
     ("/run/postgresql", True), ("db", True), ("db.example.org", True)],
)  # fmt: skip
def test_a_name_is_looked_up(host: str | None, looked_up: bool) -> None:
    assert arbiter.is_looked_up(host) == looked_up
