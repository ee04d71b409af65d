"""What the parent of the processes does: an address to reload onto, a directory for metrics."""

import os
import socket
from pathlib import Path

import pytest

from taskmaster.ops import arbiter


def test_an_address_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit):
            arbiter.check_address("127.0.0.1", port, [("127.0.0.1", 1)])
        assert f"PORT {port}: " in capsys.readouterr().err
        arbiter.check_address("127.0.0.1", port, [("127.0.0.1", port)])  # it is ours
    arbiter.check_address("127.0.0.1", 0, [("127.0.0.1", 1)])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where directories are made, with none named yet."""
    monkeypatch.setattr(arbiter.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv(arbiter.METRICS_DIRECTORY, "")
    return tmp_path


def test_one_process_needs_no_place(place: Path) -> None:
    arbiter.make_metrics_directory(several=False)
    assert list(place.iterdir()) == []


def test_several_have_one_which_goes_at_the_end(place: Path) -> None:
    for _ in range(2):
        arbiter.make_metrics_directory(several=True)
    (made,) = place.iterdir()
    assert str(made) == os.environ[arbiter.METRICS_DIRECTORY]
    for name in ("gauge_livesum_7.db", "counter_7.db"):
        (made / name).touch()
    arbiter.delete_live_gauges_of("7")
    assert [file.name for file in made.iterdir()] == ["counter_7.db"]
    arbiter.remove_metrics_directory()
    assert list(place.iterdir()) == []
    arbiter.make_metrics_directory(several=True)  # a cleaner has taken it away
    assert made.is_dir()


def test_the_place_of_an_operator_is_made_and_stays(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(arbiter.METRICS_DIRECTORY, str(place / "figures"))
    arbiter.make_metrics_directory(several=True)
    arbiter.remove_metrics_directory()
    assert [file.name for file in place.iterdir()] == ["figures"]


def test_the_place_of_the_arbiter_before_is_left_to_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other := place / f"taskmaster-{os.getpid() + 1}-abc").mkdir()
    monkeypatch.setenv(arbiter.METRICS_DIRECTORY, str(other))
    arbiter.make_metrics_directory(several=True)
    assert os.environ[arbiter.METRICS_DIRECTORY] != str(other)
    arbiter.remove_metrics_directory()
    assert list(place.iterdir()) == [other]


@pytest.mark.parametrize(
    ("host", "looked_up"),
    [(None, False), ("", False), ("localhost", False), ("127.0.0.1", False), ("::1", False),
     ("/run/postgresql", True), ("db", True), ("db.example.org", True)],
)  # fmt: skip
def test_a_name_is_looked_up(host: str | None, looked_up: bool) -> None:
    assert arbiter.is_looked_up(host) == looked_up
