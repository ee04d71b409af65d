"""What the charts show of two moments, and that the present one is noted."""

from flask import Flask

from taskmaster.admin.figures import SAMPLES, Sample, note, series
from tests.support.api import User


def test_charts_show_what_happened_between_two_moments(app: Flask) -> None:
    before = Sample(at=100, requests=10, seconds=1, faults=1, streams=7)
    after = Sample(at=110, requests=30, seconds=2, faults=2, streams=5)
    restarted = Sample(at=120, requests=0, seconds=0, faults=0, streams=0)
    with app.app_context():
        assert set(map(len, series().values())) == {0}
        SAMPLES.get().extend([before, after, restarted])
        assert series() == {
            "Requests per second": [2, 0],
            "Milliseconds per request": [50, 0],
            "Server errors per minute": [6, 0],
            "Open streams": [5, 0],
        }


def test_the_present_figures_are_noted(app: Flask, user: User) -> None:
    with app.app_context():
        note()
        user.get("tasks/")
        note()
        (asked,) = series()["Requests per second"]
    assert asked > 0
