"""The examples for Python and curl stay away where the server says that it is no use."""

from pathlib import Path

import pytest

from tests.docs.conftest import COMMANDS, Follow
from tests.support.api import User, succeed
from tests.support.process import Process
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("module_database", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def server(module_server: Server) -> Server:
    """One server for both clients."""
    return module_server


@pytest.mark.parametrize("name", COMMANDS)
def test_it_names_the_code_of_a_refusal_and_stays_away(
    user: User, follow: Follow, position: Path, name: str
) -> None:
    succeed(user.post("auth/logout/"))
    client = follow(name)
    assert client.child.wait(30) == 1
    assert "token_revoked" in client.text()
    assert not position.exists()


@pytest.mark.parametrize("example", COMMANDS, indirect=True)
def test_it_stays_away_after_a_goodbye_for_good(user: User, example: Process) -> None:
    succeed(user.post("auth/logout/"))
    assert example.child.wait(30) == 1
    assert "session_ended" in example.text()
