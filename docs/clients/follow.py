"""Follow one's tasks: `TOKEN=<access token> python follow.py [http://localhost:8000]`

Needs nothing but Python. Keeps its position in the file `position`, as follow.sh does.
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8000"
POSITION = Path("position")


def main() -> None:
    """Use each event first, then remember it: a crash in between repeats it, and loses nothing."""
    for message in follow():
        if message["event"].startswith("task_"):
            print(message["data"], flush=True)
        if "id" in message:
            new = POSITION.with_suffix(".new")
            new.write_text(f"{message['id']}\n")
            new.replace(POSITION)  # at once: a crash leaves the old one or the new one
        if message["event"] == "stream_closed" and not json.loads(message["data"])["reconnect"]:
            sys.exit(f"closed: {message['data']}")


def follow() -> Iterator[dict[str, str]]:
    """Yield one message after the other, over as many connections as it takes."""
    pause = 1
    while True:
        try:
            for message in connect():
                yield message
                pause = 1
        except HTTPError as refusal:
            text = f"refused: {refusal.read().decode(errors='replace')}"
            if refusal.code in (401, 403, 422):  # it would be refused again
                sys.exit(text)
            print(text, file=sys.stderr)
        except (OSError, HTTPException) as error:
            print(f"cut off: {error}", file=sys.stderr)
        time.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(2 * pause, 30)


def connect() -> Iterator[dict[str, str]]:
    """Yield the messages of one connection: lines `field: value`, ended by an empty line."""
    since = POSITION.read_text().strip() if POSITION.exists() else ""
    headers = {"Authorization": f"Bearer {os.environ['TOKEN']}"}
    headers |= {"Last-Event-ID": since} if since else {}
    request = Request(f"{SERVER}/api/v1/tasks/stream/", headers=headers)
    with urlopen(request, timeout=60) as stream:  # every 15 seconds it says that it lives
        print(f"connected, {f'after {since}' if since else 'live from now'}", file=sys.stderr)
        message: dict[str, str] = {}
        for line in stream:
            if field_and_value := line.decode().rstrip("\n"):
                field, _, value = field_and_value.partition(": ")
                message[field] = value
            elif "event" in message:
                yield message
                message = {}


if __name__ == "__main__":
    main()
