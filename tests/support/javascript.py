"""The JavaScript client in Node, driven from a test."""

import json
import queue
import subprocess
import threading
from itertools import count
from typing import Any

from tests.support.settings import ROOT, machine_environ
from tests.support.waiting import wait_until

CLIENT = ROOT / "taskmaster" / "site" / "static" / "client" / "taskmaster.js"
DRIVER = ROOT / "tests" / "support" / "javascript.mjs"


class JavaScriptError(Exception):
    """What the code threw; `code` and `status` are those of a TaskmasterError."""

    def __init__(self, message: str, stack: str, **fields: Any) -> None:
        super().__init__(stack or message)
        self.code, self.status = fields.get("code"), fields.get("status")
        self.errors = fields.get("errors")


class JavaScript:
    """A Node that has the client loaded. `run()` runs code in it, as `page.evaluate` does."""

    def __init__(self) -> None:
        options = ("--no-warnings", "--experimental-websocket")  # which Node 22 does not need
        command = ["node", *options, str(DRIVER), CLIENT.as_uri()]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=machine_environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._numbers = count()
        self._replies: dict[int, queue.Queue[Any]] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def begin(self, code: str, **given: Any) -> "queue.Queue[Any]":
        """Start code, with `given` as an object; return where its answer will come."""
        number = next(self._numbers)
        self._replies[number] = reply = queue.Queue[Any]()
        assert self.process.stdin
        line = json.dumps({"number": number, "code": code, "given": given})
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return reply

    def run(self, code: str, seconds: float = 60, **given: Any) -> Any:
        """Run code and return what it returns. Raise JavaScriptError."""
        return value_of(self.begin(code, **given), seconds)

    def wait(self, expression: str, seconds: float = 40, **given: Any) -> Any:
        """Wait until an expression is true; return its value."""
        code = f"return {expression}"
        return wait_until(lambda: self.run(code, **given), seconds, every=0.05, what=expression)

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            reply = json.loads(line)
            self._replies.pop(reply["number"]).put(reply)


def value_of(reply: "queue.Queue[Any]", seconds: float = 60) -> Any:
    """Return what code that was begun has returned. Raise JavaScriptError."""
    answer = reply.get(timeout=seconds)
    if "error" in answer:
        raise JavaScriptError(**answer["error"])
    return answer.get("value")
