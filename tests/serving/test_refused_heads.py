"""A head that gunicorn refuses is a line of the log, by which the client's request id is found."""

import json

import pytest

from tests.serving.conftest import ProbeServer
from tests.support.stage import MODES
from tests.support.waiting import wait_until


@pytest.mark.parametrize("server", MODES, indirect=True)
def test_a_head_that_is_refused_is_a_line_and_shows_nothing(server: ProbeServer) -> None:
    with server.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization : Bearer secret\r\n\r\n")
        answer = client.response()
    assert answer.status == 400
    request_id = json.loads(answer.body)["request_id"]
    wait_until(lambda: f'"request_id":"{request_id}"' in server.text(), what="the line")
    assert "request_refused" in server.text()
    assert "secret" not in server.text()


@pytest.mark.parametrize("server", MODES, indirect=True)
def test_all_headers_together_have_64_kib(server: ProbeServer) -> None:
    header = "X: " + "a" * 8000
    with server.connect() as client:
        for count, status in {8: 200, 10: 431}.items():
            client.request("GET", "/livez", *[header] * count)
            assert client.response().status == status
