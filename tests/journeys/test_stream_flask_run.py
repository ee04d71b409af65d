"""The contract of streams by Flask's own server, as for development and on Windows."""

import pytest

from tests.streams.contract_bounds import *  # noqa: F403
from tests.streams.contract_delivery import *  # noqa: F403
from tests.streams.contract_sessions import *  # noqa: F403
from tests.streams.stage import *  # noqa: F403
from tests.streams.stage import Setup


@pytest.fixture(scope="module")
def setup() -> Setup:
    """One process on SQLite."""
    return Setup(by="flask run")
