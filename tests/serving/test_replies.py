"""What gunicorn sends by our own class of responses (`ops/replies.py`)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.conftest import ProbeServer
from tests.support.stage import MODES

ROOT = Path(__file__).parents[2]
RELOADS = """
import runpy, sys
for _ in range(3):
    runpy.run_path(sys.argv[1])
from gunicorn.http import wsgi
print(*(one.__name__ for one in wsgi.Response.__mro__))
"""


@pytest.mark.parametrize("server", MODES, indirect=True)
def test_head_and_body_come_at_once(server: ProbeServer) -> None:
    with server.connect() as client:
        for number in range(100):
            client.request("POST", "/echo", body=b"%d" % number)
            assert client.sock.recv(65536).endswith(b"\r\n\r\n%d" % number)


def test_reloads_do_not_pile_up(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RELOADS, str(ROOT / "gunicorn.conf.py")]
    environ = os.environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["Response", "Response", "object"]
