"""The contract of streams in every async mode but the default one on SQLite (tests/streams)."""

import pytest

from tests.streams.contract_bounds import *  # noqa: F403
from tests.streams.contract_delivery import *  # noqa: F403
from tests.streams.contract_goodbye import *  # noqa: F403
from tests.streams.contract_sessions import *  # noqa: F403
from tests.streams.contract_socketio import *  # noqa: F403
from tests.streams.stage import *  # noqa: F403
from tests.streams.stage import Setup

SETUPS = [
    Setup("eventlet", "postgresql"),
    Setup("gevent", "sqlite"),
    Setup("threading", "postgresql"),
]


@pytest.fixture(scope="module", params=SETUPS, ids="-".join)
def setup(request: pytest.FixtureRequest) -> Setup:
    """Each in turn."""
    return request.param
