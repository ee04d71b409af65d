"""A process that may open few files: the start warns of it, and the log says when it is so far."""

from contextlib import ExitStack

import pytest
import requests

from tests.serving.conftest import Start
from tests.support.stage import MODES
from tests.support.waiting import wait_until

FEW = 64


@pytest.mark.parametrize("mode", MODES)
def test_a_server_out_of_descriptors_says_so_and_when_it_is_over(make: Start, mode: str) -> None:
    server = make(mode, SHORT_OUTAGES=1)
    server.command[:0] = ["bash", "-c", f'ulimit -n {FEW}; exec "$0" "$@"']
    with server, ExitStack() as clients:
        assert f"A process may open {FEW} files, and needs up to 10200." in server.text()
        processes = server.children()
        for _ in range(FEW):
            clients.enter_context(server.connect())
        wait_until(lambda: "accept_failed" in server.text(), what="a line of the log")
        assert "Too many open files" in server.text()
        clients.close()

        def is_over() -> bool:
            metrics = requests.get(f"{server.url}/metrics", timeout=10).text
            assert 'failures_total{event="accept_failed"}' in metrics
            return "accept_failed_over" in server.text()

        wait_until(is_over, every=0.2, what="a line that it is over")
        assert server.children() == processes
        assert "Traceback" not in server.text()
