"""The contract of streams in the default mode; tests/journeys tries it in every other."""

import pytest

from tests.streams.contract_bounds import *  # noqa: F403
from tests.streams.contract_delivery import *  # noqa: F403
from tests.streams.contract_goodbye import *  # noqa: F403
from tests.streams.contract_sessions import *  # noqa: F403
from tests.streams.contract_socketio import *  # noqa: F403
from tests.streams.stage import *  # noqa: F403
from tests.streams.stage import Setup


@pytest.fixture(scope="module")
def setup() -> Setup:
    """One process on SQLite."""
    return Setup()
