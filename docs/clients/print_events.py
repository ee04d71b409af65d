"""Print one's events: `ACCESS=<access token> python print_events.py [http://localhost:8000]`

Keeps its position in the file `position`, as follow.sh does.
"""

import json
import os
import sys
from pathlib import Path

from taskmaster import TaskmasterError, connect

SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
POSITION = Path("position")

since = int(POSITION.read_text()) if POSITION.exists() else None
try:
    # Each event is used first, then remembered: a crash in between repeats it, and loses nothing.
    for message in connect(SERVER, os.environ["ACCESS"]).messages(since):
        if message["action"].startswith("task_"):
            print(json.dumps(message), flush=True)
        if "seq" in message:
            new = POSITION.with_suffix(".new")
            new.write_text(f"{message['seq']}\n")
            new.replace(POSITION)  # at once: a crash leaves the old one or the new one
except TaskmasterError as error:
    sys.exit(f"{error.code}: {error}")
