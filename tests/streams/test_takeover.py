"""A server that does not give the client's socket, as the test client does not."""

import pytest

from tests.support.api import User
from tests.support.asserts import assert_problem
from tests.support.databases import ON_SQLITE
from tests.support.values import HANDSHAKE

pytestmark = ON_SQLITE


@pytest.mark.parametrize("path", ["/ws/tasks/", "/socket.io/?EIO=4&transport=websocket"])
def test_no_websocket_can_be_opened_there(user: User, path: str) -> None:
    reply = user.get(path, headers=HANDSHAKE)
    assert "gunicorn" in assert_problem(reply, 503, "unavailable")["detail"]
