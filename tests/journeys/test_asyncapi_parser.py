"""AsyncAPI's own parser reads the document that is served, and finds nothing wrong with it."""

import json
import shutil
import subprocess

from tests.support.databases import ON_SQLITE
from tests.support.server import Server
from tests.support.settings import ROOT

pytestmark = ON_SQLITE
IN_NODE = """
const {Parser} = require('@asyncapi/parser');
fetch(process.argv[1])
  .then((response) => response.text())
  .then((text) => new Parser().parse(text))
  .then(({document, diagnostics}) => console.log(JSON.stringify({
    channels: document?.allChannels().all().map((channel) => channel.id()),
    found: diagnostics.map(({code, message, path}) => [code, message, path.join('.')]),
  })));
"""


def test_the_parser_finds_nothing(server: Server) -> None:
    node = shutil.which("node")
    assert node, "node is needed"
    command = [node, "-e", IN_NODE, f"{server.url}/asyncapi.json"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read["channels"] == ["socketio", "websocket", "sse", "acknowledgement"]
    # 3.0 is what generators read.
    found = [one for one in read["found"] if one[0] != "asyncapi-latest-version"]
    assert found == []
    print(f"\nAsyncAPI's parser: {len(read['channels'])} channels, nothing found")
