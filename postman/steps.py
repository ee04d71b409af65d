"""What the collection does, folder by folder, in an order that works from nothing."""

from typing import Any, NamedTuple

Json = dict[str, Any]
NOBODY = "nobody"  # as `bearer`: send no token


class Step(NamedTuple):
    """One request: an operation of the document, and what is different from its example.

    Nothing changes the mappings.
    """

    operation: str
    name: str = ""
    body: Json | str | None = None
    query: Json = {}  # noqa: RUF012
    headers: Json = {}  # noqa: RUF012
    path: Json = {}  # noqa: RUF012
    bearer: str = "access"  # the variable of the token
    method: str = ""
    code: str = ""  # of the refusal that is expected
    field: str = ""  # which `errors` names


KEEP = {  # what a reply gives to the requests after it: variable, where it is in the body
    "register": {"username": "username", "access": "tokens.access", "refresh": "tokens.refresh"},
    "logIn": {"access": "tokens.access", "refresh": "tokens.refresh"},
    "refreshTokens": {"access": "access", "refresh": "refresh"},
    "listSessions": {"session_id": "results[1].id"},  # the newest is the one that asks
    "createTask": {"task_id": "id"},
}
TITLE = {"title": "Water the plants"}
NEW = {"old_password": "{{password}}"} | dict.fromkeys(
    ("new_password_1", "new_password_2"), "{{new_password}}"
)
A_KEY = {"Idempotency-Key": "{{username}}-1"}
FOLDERS = {
    "Log in": [Step("register"), Step("logIn"), Step("checkToken"), Step("refreshTokens")],
    "Account": [Step("getProfile"), Step("changeProfile"), Step("listSessions")],
    "Tasks": [
        Step("createTask", headers=A_KEY),
        Step("createTask", "Create it again: the same reply", headers=A_KEY),
        Step("listTasks"),
        Step("listTasks", "Search and sort", query={"search": "water", "ordering": "-priority"}),
        Step("listTasks", "List by cursor", query={"cursor": "", "page_size": "1"}),
        Step("getTask"),
        Step("updateTask", body={"status_task": "IN PROGRESS"}),
        Step("updateTaskByPut", body={"status_task": "DONE"}),
        Step("changeManyTasks"),
        Step("deleteTask"),
        Step("restoreTask"),
        Step("getTaskHistory"),
        Step("getTaskHistory", "The second page of it", query={"since": "2", "limit": "1"}),
    ],
    "Events": [
        Step("replayEvents"),
        Step("replayEvents", "After a position", query={"since": "2"}),
    ],
    "Refusals": [
        Step("createTask", "No JSON", "{", code="malformed_request"),
        Step("changePassword", "Wrong password", NEW | {"old_password": "a guess"},
             code="wrong_password", field="old_password"),
        Step("listTasks", "No token", bearer=NOBODY, code="not_authenticated"),
        Step("listTasks", "A token that is none", bearer="none", code="invalid_token"),
        Step("listTasks", "A refresh token", bearer="refresh", code="wrong_token_type"),
        Step("logIn", "Wrong credentials", {"username": "{{username}}", "password": "a guess"},
             code="bad_credentials"),
        Step("setPasswordByLink", "A link that is none", {"token": "x", "password": "{{password}}"},
             code="invalid_token"),
        Step("getTask", "No such task", path={"task_id": "{{$guid}}"}, code="not_found"),
        Step("listTasks", "A page after the last", query={"page": "999"}, code="not_found"),
        Step("listTasks", "No such method", method="PUT", code="method_not_allowed"),
        Step("register", "A taken name", code="already_exists", field="username"),
        Step("restoreTask", "Nothing to restore", code="already_exists"),
        Step("replayEvents", "Ahead of the log", query={"since": "999999"},
             code="position_expired"),
        Step("updateTask", "Another version", TITLE, headers={"If-Match": '"999"'},
             code="precondition_failed"),
        Step("createTask", "No JSON by its type", TITLE, headers={"Content-Type": "text/plain"},
             code="unsupported_media_type"),
        Step("createTask", "No title", {"title": ""}, code="validation_failed", field="title"),
        Step("createTask", "No such field", {"titel": "x"}, code="validation_failed",
             field="titel"),
        Step("listTasks", "No such parameter", query={"statsu": "DONE"}, code="validation_failed",
             field="statsu"),
        Step("createTask", "A key with another body", {"title": "Another"}, headers=A_KEY,
             code="idempotency_mismatch"),
    ],
    "Leave": [
        Step("endSession"),
        Step("endOtherSessions"),
        Step("changePassword", body=NEW),
        Step("logOut"),
        Step("listTasks", "The token of a session that ended", code="token_revoked"),
        Step("logIn", "Log in again", {"username": "{{username}}", "password": "{{new_password}}"}),
        Step("deleteAccount", body={"password": "{{new_password}}"}),
    ],
}  # fmt: skip
