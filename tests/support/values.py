"""What many tests send: an id of nothing, the orderings, a handshake, and values of operations."""

from datetime import UTC, datetime

from flask import Flask

from taskmaster.accounts import password_links
from taskmaster.accounts.service import get_user
from taskmaster.tasks import filters
from tests.support.api import User, succeed
from tests.support.openapi import Operation

UNKNOWN = "0197f3c2-0000-7000-8000-000000000000"  # well formed, and the id of nothing
START = datetime(2030, 1, 1, tzinfo=UTC)  # where a clock stands that a test moves
ORDERINGS = tuple(filters.ORDERINGS)
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
HANDSHAKE_LINES = tuple(map(": ".join, HANDSHAKE.items()))


def values_for(operation: Operation, user: User, app: Flask) -> dict[str, str]:
    """Return by name what its example cannot know, of things that a new user gets for it."""
    task_id = user.create_task(due_date="2030-01-31T12:00:00Z")["id"]
    if operation.doc["operationId"] == "restoreTask":
        user.delete(f"tasks/{task_id}/")
    by_link = operation.doc["operationId"] == "setPasswordByLink"
    return {
        "access": user.access,
        "refresh": user.refresh,
        "token": password_link(app, user.id) if by_link else user.access,
        "task_id": task_id,
        "session_id": succeed(user.get("auth/sessions/"))["results"][0]["id"],
    }


def password_link(app: Flask, user_id: str) -> str:
    """Return what an operator's link carries."""
    with app.app_context():
        return password_links.make(get_user(user_id), by="a test")
