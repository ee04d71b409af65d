"""Fixtures of the clients in docs/clients."""

from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from tests.docs.driving import CLIENTS
from tests.support.api import PASSWORD, User, register_at
from tests.support.server import Server


@pytest.fixture
def user(server: Server) -> User:
    """Somebody new on the server."""
    return register_at(server.url)


@pytest.fixture
def module() -> Any:
    """The Python client as a module. Its name is taken by the application's package."""
    spec = spec_from_file_location("python_client", CLIENTS / "taskmaster.py")
    assert spec
    assert spec.loader
    loaded = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def tm(server: Server, user: User, module: Any) -> Any:
    """The Python client, which is logged in, in a session of its own."""
    found = module.connect(server.url)
    found.login(user.username, PASSWORD)
    return found
