"""The samples of the reference, run as they stand against a real server."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask

from tests.docs.blocks import run, terminal
from tests.support.api import Api, User, succeed, through_http
from tests.support.openapi import Operation, operations_of
from tests.support.server import Server
from tests.support.values import values_for
from tests.support.waiting import wait_until

LANGUAGES = {"Shell": "sh", "JavaScript": "js", "Python": "python"}
PASSWORD = "correct horse"  # as the examples have it


def try_samples(lang: str, server: Server, app: Flask, tmp_path: Path) -> int:
    """Run each operation's sample; it must print what the operation replies. Return how many."""
    api = Api(through_http(server.url))
    operations = operations_of(succeed(api.get("/openapi.json")))
    for operation in operations:
        user = api.register(f"user_{uuid4().hex[:12]}", password=PASSWORD)
        source = _with_values(lang, operation, user, values_for(operation, user, app))
        if operation.doc["operationId"] == "streamEvents":
            with terminal(server.url, source, tmp_path / lang, language=LANGUAGES[lang]) as program:
                wait_until(lambda: "stream_ready" in program.text(), what=source)
        else:
            output = run(server.url, source, language=LANGUAGES[lang])
            first = next(iter(operation.reply(min(operation.doc["responses"]))["example"]))
            assert first in output, output
            assert "request_id" not in output, f"{source}\n{output}"
    return len(operations)


def _with_values(lang: str, operation: Operation, user: User, values: dict[str, Any]) -> str:
    """Return the sample behind what its reader has set; names of the example are the user's."""
    (source,) = (one["source"] for one in operation.doc["x-codeSamples"] if one["lang"] == lang)
    name = user.username
    if operation.doc["operationId"] in ("register", "changeProfile"):
        name = f"other_{uuid4().hex[:12]}"
    source = source.replace("ada_l", name).replace("ada@example.org", f"{name}@example.org")
    form = {"Shell": "{}='{}'", "JavaScript": "const {} = '{}';", "Python": "{} = '{}'"}[lang]
    names = {key.upper() if lang == "Shell" else key: value for key, value in values.items()}
    return "\n".join([*(form.format(*pair) for pair in names.items()), source])
