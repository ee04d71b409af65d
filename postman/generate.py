"""Make the collection out of the OpenAPI document: `python -m postman.generate`.

The requests run in an order that works from nothing: register, write, read, clean up, log out.
"""

import json
import os
from pathlib import Path
from typing import Any

Json = dict[str, Any]

COLLECTION = Path(__file__).with_name("taskmaster.postman_collection.json")
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
# By operationId; what is not named here comes in between, in the document's order.
FIRST = ("register", "logIn", "createTask")
LAST = ("deleteTask", "endOtherSessions", "changePassword", "refreshTokens", "logOut")
LEFT_OUT = ("streamEvents", "endSession", "deleteAccount")  # do not end, or end too early
KEEP = {  # what a reply gives to the requests after it: variable, where it is in the body
    "register": {"username": "username", "access": "tokens.access", "refresh": "tokens.refresh"},
    "logIn": {"access": "tokens.access", "refresh": "tokens.refresh"},
    "refreshTokens": {"access": "access", "refresh": "refresh"},
    "createTask": {"task_id": "id"},
}
OWN = {  # fields of bodies that an example cannot know
    "username": "{{username}}",
    "token": "{{access}}",
    "refresh": "{{refresh}}",
}


def collection(document: Json) -> Json:
    """Return the collection of a document's operations."""
    found = {
        operation["operationId"]: _item(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method != "parameters" and operation["operationId"] not in LEFT_OUT
    }
    between = [name for name in found if name not in FIRST + LAST]
    return {
        "info": {"name": document["info"]["title"], "schema": SCHEMA},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{access}}"}]},
        "variable": [{"key": "server", "value": "http://127.0.0.1:8000"}],
        "item": [found[name] for name in (*FIRST, *between, *LAST)],
    }


def _item(path: str, method: str, operation: Json) -> Json:
    name = operation["operationId"]
    status = min(operation["responses"])
    request: Json = {
        "method": method.upper(),
        "url": "{{server}}" + path.replace("{", "{{").replace("}", "}}"),
        "description": operation["description"],
    }
    if "requestBody" in operation:
        request["header"] = [{"key": "Content-Type", "value": "application/json"}]
        request["body"] = {"mode": "raw", "raw": json.dumps(_body(name, operation), indent=2)}
    if not operation["security"]:
        request["auth"] = {"type": "noauth"}
    return {"name": operation["summary"], "request": request, "event": _events(name, status)}


def _body(name: str, operation: Json) -> Json:
    example: Json = operation["requestBody"]["content"]["application/json"]["example"]
    if name == "register":
        return example | {"username": "{{username}}", "email": "{{username}}@example.org"}
    return {field: OWN.get(field, value) for field, value in example.items()}


def _events(name: str, status: str) -> list[Json]:
    lines = [f'pm.test("{status}", () => pm.response.to.have.status({status}));']
    lines += [
        f'pm.collectionVariables.set("{variable}", pm.response.json().{where});'
        for variable, where in KEEP.get(name, {}).items()
    ]
    events = [_script("test", lines)]
    if name == "register":
        new = 'pm.collectionVariables.set("username", "user_" + Date.now());'
        events.append(_script("prerequest", [new]))
    return events


def _script(listen: str, lines: list[str]) -> Json:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def write(collection: Json) -> str:
    """Return the collection as text, one request a line."""
    *head, items = json.dumps(collection | {"item": []}, indent=1).rpartition("[]")
    lines = ",\n".join(json.dumps(item) for item in collection["item"])
    return "".join(head[:-1]) + f"[\n{lines}\n ]" + items + "\n"


def main() -> None:
    """Write the collection of the application as it is."""
    import config
    from taskmaster import create_app

    settings = config.load(os.environ | {"ASYNC_MODE": "threading"})
    document = create_app(settings).test_client().get("/openapi.json").get_json()
    COLLECTION.write_text(write(collection(document)))


if __name__ == "__main__":
    main()
