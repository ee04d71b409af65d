"""What is logged by Python's own `logging`, `current_app.logger` above all, is shown too."""

import logging
from collections.abc import Callable

import pytest
from flask import Flask

from tests.support.databases import ON_SQLITE

pytestmark = ON_SQLITE


def test_it_goes_by_the_level_of_the_settings(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(LOG_LEVEL="INFO")
    for logger in (app.logger, logging.getLogger("taskmaster.notes.service")):
        logger.info("shown")
        logger.debug("not shown")
    assert caplog.messages == ["shown", "shown"]
