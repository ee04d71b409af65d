"""What streams are told when their server stops; the development server just dies."""

from tests.support.api import Api, through_http
from tests.support.stage import ALL, BY_GUNICORN, Start, assert_closed

SETUPS = BY_GUNICORN


def test_the_server_says_goodbye(start_server: Start) -> None:
    server = start_server()
    user = Api(through_http(server.url)).register()
    streams = [transport(server.url, user.access) for transport in ALL.values()]
    for stream in streams:
        stream.wait("stream_ready")
    assert server.terminate(6) == 0
    for stream in streams:
        assert_closed(stream, "server_restart", 1012, reconnect=True)
        stream.close()
