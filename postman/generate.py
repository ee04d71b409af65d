"""Make the collection out of the OpenAPI document: `python -m postman.generate`."""

import json
import os
from pathlib import Path
from typing import Any

from taskmaster.core.errors import ErrorCode

from .steps import FOLDERS, KEEP, NOBODY, Json, Step

COLLECTION = Path(__file__).with_name("taskmaster.postman_collection.json")
ENVIRONMENT = Path(__file__).with_name("taskmaster.postman_environment.json")
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
VALUES = {
    "server": "http://127.0.0.1:8000",
    "password": "correct horse",
    "new_password": "battery staple",
}
OWN = {  # fields of bodies that an example cannot know
    "username": "{{username}}",
    "email": "{{username}}@example.org",
    "password": "{{password}}",
    "token": "{{access}}",
    "refresh": "{{refresh}}",
}

NOT_ECHOED = {"due_date", "refresh", "email"}  # times come back in UTC with microseconds


def collection(document: Json) -> Json:
    """Return the collection of a document's operations."""
    operations = {
        operation["operationId"]: operation | {"path": path, "method": method.upper()}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    }
    folders = [
        {
            "name": name,
            "item": [_item(operations[step.operation], step, document) for step in steps],
        }
        for name, steps in FOLDERS.items()
    ]
    return {
        "info": {"name": document["info"]["title"], "schema": SCHEMA},
        "auth": _bearer("{{access}}"),
        "variable": [{"key": key, "value": value} for key, value in VALUES.items()],
        "item": folders,
    }


def environment() -> Json:
    """Return the environment: what is different from one server to another."""
    values = [{"key": key, "value": value, "enabled": True} for key, value in VALUES.items()]
    return {"name": "Taskmaster on this machine", "values": values}


def _item(operation: Json, step: Step, document: Json) -> Json:
    request: Json = {
        "method": step.method or operation["method"],
        "url": _url(operation, step, document),
        "header": _headers(operation, step, document),
        "description": operation["description"],
    }
    body = _body(operation, step)
    if body is not None:
        raw = body if isinstance(body, str) else json.dumps(body, indent=2)
        request["body"] = {"mode": "raw", "raw": raw}
    if not operation["security"] or step.bearer == NOBODY:
        request["auth"] = {"type": "noauth"}
    elif step.bearer != "access":
        request["auth"] = _bearer("{{" + step.bearer + "}}")
    name = step.name or operation["summary"]
    return {"name": name, "request": request, "event": _events(operation, step, body)}


def _bearer(token: str) -> Json:
    return {"type": "bearer", "bearer": [{"key": "token", "value": token}]}


def _url(operation: Json, step: Step, document: Json) -> Json:
    path = operation["path"].replace("{", "{{").replace("}", "}}")
    for name, value in step.path.items():
        path = path.replace("{{" + name + "}}", value)
    known = _parameters(operation, "query", step.query, document)
    query = "&".join(f"{one['key']}={one['value']}" for one in known if not one.get("disabled"))
    return {
        "raw": "{{server}}" + path + (f"?{query}" if query else ""),
        "host": ["{{server}}"],
        "path": [*path.strip("/").split("/"), ""],
        "query": known,
    }


def _headers(operation: Json, step: Step, document: Json) -> list[Json]:
    found = _parameters(operation, "header", step.headers, document)
    if "requestBody" in operation and "Content-Type" not in step.headers:
        found.insert(0, {"key": "Content-Type", "value": "application/json"})
    return found


def _parameters(operation: Json, where: str, sent: Json, document: Json) -> list[Json]:
    """Return what a step sends, and what else there is: with a description, switched off."""
    documented = {p["name"]: p for p in operation.get("parameters", []) if p["in"] == where}
    found = [{"key": key, "value": value} for key, value in sent.items() if key not in documented]
    for name, parameter in documented.items():
        value = sent.get(name, _example(parameter["schema"], document))
        one = {"key": name, "value": value, "description": parameter["description"]}
        found.append(one if name in sent else one | {"disabled": True})
    return found


def _example(schema: Json, document: Json) -> str:
    if "items" in schema:
        return _example(schema["items"], document)
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return str(schema.get("default") or document["components"]["schemas"][name]["enum"][0])
    by_format = {"date-time": "2030-01-31T12:00:00Z"}.get(schema.get("format", ""), "")
    return str(schema.get("example", schema.get("default", by_format)))


def _body(operation: Json, step: Step) -> Any:
    if step.body is not None or "requestBody" not in operation:
        return step.body
    example = operation["requestBody"]["content"]["application/json"]["example"]
    return {field: OWN.get(field, value) for field, value in example.items()}


def _events(operation: Json, step: Step, body: Any) -> list[Json]:
    lines = _expect_refusal(step) if step.code else _expect_reply(operation, body)
    if not step.code:
        lines += [
            f'pm.collectionVariables.set("{variable}", pm.response.json().{where});'
            for variable, where in KEEP.get(step.operation, {}).items()
        ]
    events = [_script("test", lines)]
    if step.operation == "register" and not step.code:
        new = 'pm.collectionVariables.set("username", "user_" + Date.now());'
        events.append(_script("prerequest", [new]))
    return events


def _expect_refusal(step: Step) -> list[str]:
    status = ErrorCode(step.code).status.value
    lines = [
        f"pm.response.to.have.status({status});",
        f'pm.expect(pm.response.json()).to.include({{ status: {status}, code: "{step.code}" }});',
        'pm.expect(pm.response.headers.get("Content-Type")).to.eql("application/problem+json");',
    ]
    if step.field:
        lines.append(f'pm.expect(pm.response.json().errors).to.have.property("{step.field}");')
    return _test(f"refused with {step.code}", lines)


def _expect_reply(operation: Json, body: Any) -> list[str]:
    """Hold the status, the documented fields and headers, and the fields that were sent."""
    status = min(operation["responses"])
    reply = operation["responses"][status]
    example = reply["content"]["application/json"]["example"]
    sent = body.items() if isinstance(body, dict) else ()
    same = {name: value for name, value in sent if example.get(name) and name not in NOT_ECHOED}
    lines = [
        f"pm.response.to.have.status({status});",
        f"pm.expect(pm.response.json()).to.include.all.keys({json.dumps(list(example))});",
        *(f'pm.response.to.have.header("{name}");' for name in reply["headers"]),
        *(
            f"pm.expect(pm.response.json().{name}).to.eql(pm.variables.replaceIn({json.dumps(value)}));"
            for name, value in same.items()
        ),
    ]
    return _test(f"{status} with its fields", lines)


def _test(name: str, lines: list[str]) -> list[str]:
    return [f'pm.test("{name}", () => {{', *(f"  {line}" for line in lines), "});"]


def _script(listen: str, lines: list[str]) -> Json:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def write(collection: Json) -> str:
    """Return the collection as text, one request a line."""
    folders = [
        f'{{"name": {json.dumps(folder["name"])}, "item": [\n'
        + ",\n".join(json.dumps(item) for item in folder["item"])
        + "\n]}"
        for folder in collection["item"]
    ]
    head = json.dumps({name: value for name, value in collection.items() if name != "item"})
    return head[:-1] + ', "item": [\n' + ",\n".join(folders) + "\n]}\n"


def main() -> None:
    """Write the collection of the application as it is, and its environment."""
    import config
    from taskmaster import create_app

    settings = config.load(os.environ | {"ASYNC_MODE": "threading"})
    document = create_app(settings).test_client().get("/openapi.json").get_json()
    COLLECTION.write_text(write(collection(document)))
    ENVIRONMENT.write_text(json.dumps(environment(), indent=2) + "\n")


if __name__ == "__main__":
    main()
