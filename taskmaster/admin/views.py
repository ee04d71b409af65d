"""The pages: an overview, and the users with what is theirs."""

import json
from collections import Counter
from datetime import datetime
from types import NoneType
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, request, url_for
from flask_admin import Admin, AdminIndexView, BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.form import SecureForm
from flask_admin.helpers import get_redirect_target
from sqlalchemy import or_, select
from sqlalchemy.exc import DataError, InvalidRequestError
from sqlalchemy.orm import Query

from ..accounts.models import User
from ..accounts.service import find_user
from ..core.errors import ApiError
from ..core.parts import NIL
from ..extensions import db
from ..ops.logging import recent_warnings
from ..streams.handshake import HUB
from . import changes
from .figures import Chart, series
from .forms import LoginForm, UserForm
from .log_in import PATH, admin_name, close_session, current_admin, open_session

MAX_SHOWN = 50  # users with streams
MAX_FORM = 16 * 1024  # bytes
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
LABELS = {
    "id": "ID",
    "email": "E-mail",
    "first_name": "First name",
    "last_name": "Last name",
    "is_active": "Active",
    "is_superuser": "Superuser",
    "last_login": "Last log-in",
    "date_joined": "Joined",
    "status_task": "Status",
    "due_date": "Due",
    "date_created": "Created",
    "last_updated": "Changed",
    "task_id": "Task",
    "occurred_at": "Time",
}
FORMATTERS = {
    NoneType: lambda view, value, name: "-",
    bool: lambda view, value, name: "yes" if value else "no",
    datetime: lambda view, value, name: f"{value:%Y-%m-%d %H:%M:%S} UTC",
}

# What is raised for a malformed id, a page number that is too large, NUL in a search, and a `url`.
MALFORMED = (DataError, InvalidRequestError, OverflowError, ValueError)
# JSON in lines, for reading.
FORMATTERS_OF_EVENTS = {
    "payload": lambda view, context, event, name: json.dumps(
        json.loads(event.payload), indent=2, ensure_ascii=False
    )
}


class ForSuperusers(BaseView):
    """A page that sends everybody else to the log-in."""

    def create_blueprint(self, admin: Admin) -> Blueprint:
        """Bound what is sent to these pages, and what they may load."""
        blueprint: Blueprint = super().create_blueprint(admin)
        blueprint.before_request(_bound_forms)
        blueprint.after_request(_add_policy)
        return blueprint

    def is_accessible(self) -> bool:
        """Tell whether a superuser is logged in."""
        return current_admin() is not None

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:
        """Ask for the log-in; first for the slash, without which the cookie does not come."""
        return redirect(url_for("admin.login" if request.path.startswith(PATH) else "admin.index"))

    def render(self, template: str, **context: Any) -> str:
        """Fill a template, which may need to know who is logged in, and a form for a button."""
        page: str = super().render(template, admin=current_admin(), button=SecureForm(), **context)
        return page


def _bound_forms() -> None:
    """Read no large form: who is not logged in can send one too, and it takes long."""
    request.max_content_length = MAX_FORM


def _add_policy(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    return response


class Overview(ForSuperusers, AdminIndexView):
    """The last hour, live streams and the last warnings; log-in and log-out."""

    def is_accessible(self) -> bool:
        """Let everybody see the log-in."""
        return request.endpoint == "admin.login" or super().is_accessible()

    @expose("/")
    def index(self) -> str:
        """Show how the server is."""
        streams = Counter(one.principal.user_id for one in HUB.get().subscriptions())
        counts = dict(streams.most_common(MAX_SHOWN))
        found = db.session.scalars(select(User).where(User.id.in_(counts)))
        return self.render(
            "admin/overview.html",
            charts=[Chart(name, values) for name, values in series().items()],
            streams=sorted([(counts[user.id], user) for user in found], key=lambda one: -one[0]),
            warnings=list(recent_warnings),
        )

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        """Let superusers in."""
        form = LoginForm(request.form)
        if request.method == "POST" and form.validate():
            try:
                open_session(form.login.data, form.password.data)
                return redirect(url_for("admin.index"))
            except ApiError as error:
                flash(error.problem["detail"], "error")
        return self.render("admin/login.html", form=form)

    @expose("/logout/", methods=["POST"])
    def logout(self) -> Any:
        """End the session of the cookie."""
        if not SecureForm(request.form).validate():
            return _refuse(self)
        close_session()
        return redirect(url_for("admin.login"))


def _refuse(view: BaseView) -> Response:
    """Refuse a form without its token: it is forged, or its page was open for too long."""
    return make_response(view.render("admin/refused.html"), 403)


class ReadOnly(ForSuperusers, ModelView):
    """Rows to look at. Lists are sorted by an index only, and count nothing."""

    can_create = can_edit = can_delete = can_set_page_size = False
    can_view_details = True
    page_size = 50
    simple_list_pager = True
    list_template = "admin/list.html"
    details_template = "admin/details.html"
    column_type_formatters = column_type_formatters_detail = FORMATTERS
    column_labels = LABELS

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """Return a page of rows, and the row after it: then there is a next page."""
        count, query = super().get_list(*args, **kwargs, execute=False)
        return count, query.limit(self.page_size + 1).all()

    def _get_list_extra_args(self) -> Any:
        """Keep only `user` and the way back of the unknown parameters: all would go into links."""
        arguments = super()._get_list_extra_args()
        kept = {"user": arguments.extra_args.get("user"), "url": get_redirect_target()}
        arguments.extra_args = {name: value for name, value in kept.items() if value}
        return arguments

    def _apply_search(
        self, query: "Query[Any]", count_query: Any, joins: Any, count_joins: Any, search: str
    ) -> Any:
        """Find each word as it stands: `_`, `%`, `^` and `=` mean themselves."""
        for word in search.split():
            fields = [field for field, _ in self._search_fields]
            query = query.filter(or_(*(one.icontains(word, autoescape=True) for one in fields)))
        return query, count_query, joins, count_joins

    def _run_view(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer 404 where the database cannot read what the address names."""
        try:
            return super()._run_view(fn, *args, **kwargs)
        except MALFORMED:
            abort(404)


class UserAdmin(ReadOnly):
    """All users; what can be done to one stands on the page of that user."""

    column_list = ("username", "email", "is_active", "is_superuser", "last_login", "date_joined")
    column_details_list = (*column_list, "first_name", "last_name", "id")
    column_searchable_list = ("username", "email")
    column_sortable_list = ("username", "email")
    column_default_sort = ("id", True)

    def changes(self, user: User) -> dict[str, str]:
        """Return what can be done to a user, by its name in the URL."""
        return changes.offered(user)

    @expose("/<change>/", methods=["POST"])
    def change(self, change: str) -> Any:
        """Do one thing to one user."""
        form = UserForm(request.form)
        if change not in changes.CHANGES:
            abort(404)
        if not form.validate():
            return _refuse(self)
        flash(changes.apply(change, form.id.data, by=admin_name()))
        return redirect(url_for(".details_view", id=form.id.data, url=get_redirect_target()))


class OfOneUser(ReadOnly):
    """What belongs to the user in `?user=`."""

    column_sortable_list = ()

    def get_query(self) -> "Query[Any]":
        """Return one user's rows, by their index."""
        query: Query[Any] = super().get_query()
        return query.filter(self.model.user_id == request.args.get("user", NIL))

    def render(self, template: str, **context: Any) -> str:
        """Fill a template, which may need to know whose rows these are."""
        owner, back = find_user(request.args.get("user", NIL)), get_redirect_target()
        return super().render(template, owner=owner, back=back, **context)


class TaskAdmin(OfOneUser):
    """The tasks of one user."""

    column_list = ("title", "status_task", "due_date", "date_created", "last_updated")
    column_details_list = (*column_list, "description", "id", "version")
    column_default_sort = ("id", True)


class EventAdmin(OfOneUser):
    """The log of one user."""

    column_list = ("seq", "action", "task_id", "occurred_at")
    column_details_list = (*column_list, "payload")
    column_formatters_detail = FORMATTERS_OF_EVENTS
    column_default_sort = ("seq", True)
