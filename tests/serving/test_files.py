"""Files of the pages, in each way to serve."""

from tests.serving.conftest import ProbeServer
from tests.support.settings import ROOT


def test_a_file_is_sent_whole(server: ProbeServer) -> None:
    file = ROOT / "taskmaster/site/static/site.css"
    assert server.get("/static/any/site.css") == file.read_bytes()
