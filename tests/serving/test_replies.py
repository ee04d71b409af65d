"""What gunicorn sends by our own class of responses (`ops/replies.py`)."""

import pytest

from tests.serving.conftest import ProbeServer
from tests.support.stage import MODES


@pytest.mark.parametrize("server", MODES, indirect=True)
def test_head_and_body_come_at_once(server: ProbeServer) -> None:
    with server.connect() as client:
        for number in range(100):
            client.request("POST", "/echo", body=b"%d" % number)
            assert client.sock.recv(65536).endswith(b"\r\n\r\n%d" % number)
