"""Pages for superusers at `/admin/`, by Flask-Admin with templates of our own.

Users can be found, deactivated and activated, logged out and given a link to set a password;
their tasks and their log are read-only. Every change goes through the services of `accounts`.
"""

from flask import Blueprint, Flask
from flask_admin import Admin

from ..accounts.models import User
from ..core import lifecycle
from ..events.models import Event
from ..extensions import db
from ..tasks.models import Task
from .figures import EVERY, note
from .log_in import COOKIE, CookieForAdmin
from .views import EventAdmin, Overview, TaskAdmin, UserAdmin


def init_app(app: Flask) -> None:
    """Serve the pages, with a cookie that no other path gets."""
    app.config |= COOKIE
    app.session_interface = CookieForAdmin()
    admin = Admin(app, name="Taskmaster", index_view=Overview("Overview"))
    admin.add_views(
        UserAdmin(User, db, name="Users", endpoint="admin_users", url="users"),
        TaskAdmin(Task, db, name="Tasks", endpoint="admin_tasks", url="tasks"),
        EventAdmin(Event, db, name="Log", endpoint="admin_events", url="events"),
    )
    app.register_blueprint(Blueprint("admin_pages", __name__, template_folder="templates"))
    lifecycle.every(app, EVERY, note, "figures")
