"""Fixtures of the Python client in docs/clients."""

from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from tests.docs.driving import CLIENTS
from tests.support.api import PASSWORD, User
from tests.support.server import Server


@pytest.fixture(scope="module")
def server(module_server: Server) -> Server:
    """One server for the tests of a module: most of them leave it as it is."""
    return module_server


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
