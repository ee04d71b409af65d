"""Code samples of an operation, made of its example: curl, JavaScript, Python.

What only the reader knows is a variable: the path's parameters, `access`, `refresh`, `token`.
"""

import json
import re
from textwrap import indent
from typing import Any, NamedTuple

Json = dict[str, Any]

SERVER = "http://127.0.0.1:8000"
STREAM = "text/event-stream"


class Call(NamedTuple):
    """What a sample sends, and whether the reply has an end."""

    method: str
    url: str
    body: str  # as JSON
    authorized: bool
    streams: bool


def code_samples(path: str, method: str, operation: Json) -> list[Json]:
    """Return the samples of an operation as Redoc shows them (`x-codeSamples`)."""
    media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    call = Call(
        method.upper(),
        SERVER + path,
        json.dumps(media["example"], indent=2) if media else "",
        bool(operation["security"]),
        any(STREAM in reply.get("content", {}) for reply in operation["responses"].values()),
    )
    return [
        {"lang": "Shell", "label": "curl", "source": _curl(call)},
        {"lang": "JavaScript", "source": _javascript(call)},
        {"lang": "Python", "source": _python(call)},
    ]


def _curl(call: Call) -> str:
    url = re.sub(r"{(\w+)}", lambda found: f"${found[1].upper()}", call.url)
    lines = [f'curl{" -N" if call.streams else ""} "{url}"']
    if call.method != ("POST" if call.body else "GET"):
        lines.append(f"-X {call.method}")
    if call.authorized:
        lines.append('-H "Authorization: Bearer $ACCESS"')
    if call.body:
        body = _with_variables(call.body, lambda name: f"\"'${name.upper()}'\"")
        lines += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    return " \\\n  ".join(lines)


def _javascript(call: Call) -> str:
    headers, lines = [], [] if call.method == "GET" else [f'method: "{call.method}"']
    if call.authorized:
        headers.append("Authorization: `Bearer ${access}`")
    if call.body:
        headers.append('"Content-Type": "application/json"')
    lines.append(f"headers: {{ {', '.join(headers)} }}")
    if call.body:
        lines.append(f"body: JSON.stringify({_with_variables(call.body, str)})")
    options = "".join(indent(f"{line},\n", "  ") for line in lines)
    url = call.url.replace("{", "${")
    shown = "console.log(await reply.json());"
    if call.streams:
        texts = "reply.body.pipeThrough(new TextDecoderStream())"  # a letter may come in two parts
        shown = f"for await (const text of {texts}) console.log(text);"
    return f"const reply = await fetch(`{url}`, {{\n{options}}});\n{shown}"


def _python(call: Call) -> str:
    lines = [f'{"f" if "{" in call.url else ""}"{call.url}"']
    if call.authorized:
        lines.append('headers={"Authorization": f"Bearer {access}"}')
    if call.body:
        lines.append(f"json={_with_variables(call.body, str)}".replace("  ", "    "))
    shown = "print(reply.json())"
    if call.streams:
        lines.append("stream=True")
        shown = "for line in reply.iter_lines():\n    print(line.decode())"
    arguments = "".join(indent(f"{line},\n", "    ") for line in lines)
    return f"import requests\n\nreply = requests.{call.method.lower()}(\n{arguments})\n{shown}"


def _with_variables(body: str, form: Any) -> str:
    """Return a body with a variable for each token, which no example can know."""
    return re.sub(
        r'"(token|refresh)": "[^"]*"', lambda found: f'"{found[1]}": {form(found[1])}', body
    )
