"""SIGTERM, as deployments send it: what is in flight is answered, streams are told, exit 0."""

import json
from collections.abc import Callable
from contextlib import ExitStack

from tests.serving.rawclient import RawClient
from tests.support.api import PASSWORD, Api, through_http
from tests.support.databases import ON_SQLITE
from tests.support.process import listens
from tests.support.server import Server
from tests.support.streams import TRANSPORTS
from tests.support.waiting import wait_until

REQUESTS = 6
JSON = "Content-Type: application/json"


def account(number: int) -> bytes:
    name = f"user_{number}"
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    return json.dumps(body).encode()


@ON_SQLITE
def test_requests_in_flight_are_answered_and_streams_told(
    start_server: Callable[..., Server],
) -> None:
    server = start_server(SHUTDOWN_SECONDS=30)
    user = Api(through_http(server.url)).register()
    streams = [kind(server.url, user.access) for kind in TRANSPORTS.values()]
    for stream in streams:
        stream.wait("stream_ready")
    with ExitStack() as stack:
        # Hashes take tens of milliseconds each, two at a time: the last ones wait for their turn.
        clients = [stack.enter_context(RawClient(server.port)) for _ in range(REQUESTS)]
        for number, client in enumerate(clients):
            client.request("POST", "/api/v1/auth/register/", JSON, body=account(number))
        wait_until(lambda: server.text().count("user_registered") > 1, every=0.001)
        server.child.terminate()
        answers = [client.response("POST") for client in clients]
        assert [answer.status for answer in answers] == [201] * REQUESTS
        assert server.child.wait(40) == 0
    assert not listens(server.port)
    for stream in streams:
        stream.wait_for_end()
        goodbye = stream.of("stream_closed")[0]
        assert (goodbye["code"], goodbye["reconnect"]) == ("server_restart", True)
        stream.close()
