"""What the tests of the hub share."""

from collections.abc import Iterator

import pytest

from tests.support.hub_log import Log


@pytest.fixture
def log() -> Iterator[Log]:
    log = Log()
    with log.open:
        yield log
    log.engine.dispose()
