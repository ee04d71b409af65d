"""Follow one's tasks: `TOKEN=<access token> python follow.py [http://localhost:8000]`

Needs `pip install "python-socketio[client]"`. Keeps its position in the file `position`.
"""

import json
import os
import sys
from pathlib import Path

import socketio

SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
POSITION = Path("position")
client = socketio.Client()


def auth() -> dict[str, str | None]:
    """Say who follows, and from where; asked anew at each reconnection."""
    since = POSITION.read_text() if POSITION.exists() else None
    return {"token": os.environ["TOKEN"], "since": since}


@client.on("*", namespace="/ws/tasks")
def receive(name: str, message: dict[str, object]) -> None:
    """Use the event first, then remember it: a crash in between repeats it, and loses nothing."""
    if name.startswith("task_"):
        print(json.dumps(message), flush=True)
    if "seq" in message:
        POSITION.write_text(str(message["seq"]))


client.connect(SERVER, auth=auth, namespaces=["/ws/tasks"], transports=["websocket"], retry=True)
client.wait()
