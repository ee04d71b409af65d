"""Where CI=true, what did not run has failed; and what is a journey is marked so.

All of tests/journeys is, and what starts real servers on PostgreSQL: `make test` starts them on
SQLite.
"""

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

JOURNEYS = "tests/journeys/"
STARTERS = {"start_server", "module_server"}
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(JOURNEYS) or _starts_on_postgresql(item):
            item.add_marker("journey")


def _starts_on_postgresql(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function) or STARTERS.isdisjoint(item.fixturenames):
        return False
    return "postgresql" in (item.callspec.params.values() if hasattr(item, "callspec") else ())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return _refuse_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    return _refuse_skip(report)


def _refuse_skip(report: Report) -> Report:
    if os.environ.get("CI") == "true" and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"CI=true allows no skip and no expected failure: {report.longrepr}"
    return report
