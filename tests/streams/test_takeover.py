"""A server that does not give the client's socket, as the test client does not."""

import pytest

from tests.support.api import User
from tests.support.asserts import assert_problem

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HANDSHAKE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip


@pytest.mark.parametrize("path", ["/ws/tasks/", "/socket.io/?EIO=4&transport=websocket"])
def test_no_websocket_can_be_opened_there(user: User, path: str) -> None:
    reply = user.get(path, headers=HANDSHAKE)
    assert "gunicorn" in assert_problem(reply, 503, "unavailable")["detail"]
