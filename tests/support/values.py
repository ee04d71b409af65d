"""What an operation of the document needs that its example cannot know: ids and tokens."""

from flask import Flask

from taskmaster.accounts import password_links
from taskmaster.accounts.service import get_user
from tests.support.api import User, succeed
from tests.support.openapi import Operation


def values_for(operation: Operation, user: User, app: Flask) -> dict[str, str]:
    """Return each by its name, of things that a new user gets for it."""
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
