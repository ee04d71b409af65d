"""One's own sessions: where one is logged in, and how to end that."""

from typing import Any
from uuid import UUID

from flask.views import MethodView
from marshmallow import fields

from ..core.auth import current, login_required
from ..core.blueprint import Blueprint
from ..core.caching import let_user_keep
from ..core.errors import ErrorCode, not_found
from ..core.schemas import MessageSchema, ReplySchema, Time
from . import sessions
from .models import sessions as table

blp = Blueprint(
    "sessions", __name__, url_prefix="/api/v1/auth/sessions", description="Where one is logged in."
)
blp.after_request(let_user_keep)


class SessionSchema(ReplySchema):
    """A log-in."""

    id = fields.UUID()
    created_at = Time()
    last_used_at = Time(
        attribute="rotated_at", metadata={"description": "When its tokens were last issued."}
    )
    expires_at = Time()
    user_agent = fields.String()
    current = fields.Boolean(metadata={"description": "The one that asks."})


class SessionListSchema(ReplySchema):
    """The sessions of an account, newest first."""

    results = fields.List(fields.Nested(SessionSchema))


@blp.route("/")
class Sessions(MethodView):
    @login_required
    @blp.response(200, SessionListSchema)
    def get(self) -> Any:
        """List sessions

        Where the account is logged in, newest first.
        """
        asking = current()
        rows = sessions.list_live(asking.user_id)
        return {"results": [{**r._mapping, "current": r.id == asking.session_id} for r in rows]}

    @login_required
    @blp.response(200, MessageSchema)
    def delete(self) -> Any:
        """End all other sessions

        Their tokens are refused from now on, their streams are closed.
        """
        asking = current()
        count = sessions.end(asking.user_id, table.c.id != asking.session_id)
        return {"message": f"Sessions ended: {count}"}


@blp.delete(
    "/<uuid:session_id>/",
    parameters=[{"name": "session_id", "in": "path", "description": "As listed."}],
)
@login_required
@blp.response(200, MessageSchema)
@blp.documents_errors(ErrorCode.NOT_FOUND)
def end_session(session_id: UUID) -> Any:
    """End a session

    Its tokens are refused from now on, its streams are closed.
    """
    if not sessions.end(current().user_id, table.c.id == str(session_id)):
        raise not_found("There is no such session.")
    return {"message": "Session ended"}
