"""Fixtures of the clients in docs/clients."""

import pytest

from tests.support.api import User, register_at
from tests.support.server import Server


@pytest.fixture
def user(server: Server) -> User:
    """Somebody new on the server."""
    return register_at(server.url)
