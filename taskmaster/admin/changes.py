"""What a superuser can do to a user: the calls that the `flask users` commands make too."""

from collections.abc import Callable

from flask import url_for

from ..accounts import administration, password_links
from ..accounts.models import User, UserRow
from ..accounts.service import find_user
from ..core.errors import not_found

Change = Callable[[UserRow, str], str]


def _make_link(user: UserRow, by: str) -> str:
    if not user.is_active:
        return "No link was made: it would be refused. Activate this user first."
    url = url_for("site.set_password", _external=True, _anchor=password_links.make(user, by))
    return f"{user.username} can set a password within 24 hours, once, at this address:\n{url}"


CHANGES: dict[str, tuple[str, Change]] = {
    "deactivate": ("Deactivate", administration.deactivate),
    "activate": ("Activate", administration.activate),
    "end-sessions": ("End all sessions", administration.end_sessions),
    "password-link": ("Make a link to set a password", _make_link),
}


def offered(user: User) -> dict[str, str]:
    """Return the labels of what makes sense for a user, by their names."""
    pointless = ["activate"] if user.is_active else ["deactivate", "password-link"]
    return {name: label for name, (label, _) in CHANGES.items() if name not in pointless}


def apply(name: str, user_id: str, by: str) -> str:
    """Do it, and return what to tell. Raise ApiError (404) for a user who is gone."""
    user = find_user(user_id)
    if user is None:
        raise not_found()
    return CHANGES[name][1](user, by)
