"""Hold messages against the AsyncAPI document."""

from typing import Any

from jsonschema import Draft202012Validator

FROM_CLIENTS = {"authenticate"}


def fields_of(document: dict[str, Any], channel: str, name: str) -> dict[str, Any]:
    """Return the fields of a message's body by name."""
    payload = document["channels"][channel]["messages"][name]["payload"]
    if "$ref" in payload:
        payload = document["components"]["schemas"][payload["$ref"].rpartition("/")[2]]
    fields: dict[str, Any] = payload["properties"]
    return fields


def answered_on(document: dict[str, Any], channel: str) -> str:
    """Return the name of the channel that has the answers to `authenticate`."""
    reply = document["operations"][f"authenticate_{channel}"]["reply"]
    name: str = reply["channel"]["$ref"].rpartition("/")[2]
    answers = [f"#/channels/{name}/messages/{answer}" for answer in ("authenticated", "error")]
    assert [message["$ref"] for message in reply["messages"]] == answers
    return name


def validate(document: dict[str, Any], channel: str, name: str, **parts: Any) -> None:
    """Assert that `payload` and `headers` are what the document says of a channel's message."""
    message = f"#/channels/{channel}/messages/{name}"
    assert parts.keys() == document["channels"][channel]["messages"][name].keys() & {
        "payload",
        "headers",
    }
    for part, found in parts.items():
        Draft202012Validator(document | {"$ref": f"{message}/{part}"}).validate(found)
    unknown = parts["payload"].keys() - fields_of(document, channel, name).keys()
    assert not unknown, f"{channel} {name} has {unknown}"
