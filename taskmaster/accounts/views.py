"""Accounts over REST: tokens, one's own profile, and where one is logged in."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from ..core import limits
from ..core.auth import current, login_required
from ..core.blueprint import Blueprint
from ..core.caching import let_user_keep
from ..core.client import current_client
from ..core.errors import ErrorCode, not_found
from ..core.schemas import MessageSchema
from . import password_links, schemas, service, sessions
from .models import sessions as session_table

PREFIX = "/api/v1/auth"
auth = Blueprint("auth", __name__, url_prefix=PREFIX, description="Tokens and sessions.")
profile = Blueprint(
    "profile", __name__, url_prefix=f"{PREFIX}/profile", description="One's own account."
)
logins = Blueprint(
    "sessions", __name__, url_prefix=f"{PREFIX}/sessions", description="Where one is logged in."
)
VALID = {"message": "Token is valid"}
LOGGED_OUT = {"message": "Logged out"}
PASSWORD_SET = {"detail": "password updated successfully"}
ACCOUNT_DELETED = {"message": "Account deleted"}
SESSION_ENDED = {"message": "Session ended"}

profile.after_request(let_user_keep)
logins.after_request(let_user_keep)


def _with_tokens(user: Any, tokens: dict[str, str]) -> dict[str, Any]:
    return {**user._mapping, "tokens": tokens}


@auth.post("/register/")
@auth.arguments(schemas.RegistrationSchema())
@auth.response(201, schemas.AccountSchema)
@auth.documents_errors(ErrorCode.ALREADY_EXISTS, ErrorCode.REGISTRATION_CLOSED)
def register(fields: dict[str, Any]) -> Any:
    """Register

    Makes an account and logs it in.
    """
    limits.count_request("RATELIMIT_REGISTER")
    return _with_tokens(*service.register(fields, current_client()))


@auth.post("/login/")
@auth.arguments(schemas.LoginSchema(), example={"username": "ada_l", "password": "correct horse"})
@auth.response(200, schemas.AccountSchema)
@auth.documents_errors(ErrorCode.BAD_CREDENTIALS)
def log_in(credentials: dict[str, Any]) -> Any:
    """Log in

    Opens a session. `username` takes a username or an e-mail; `email` may stand in its place.
    """
    return _with_tokens(*service.log_in(**credentials, client=current_client()))


@auth.post("/token/verify/")
@auth.arguments(schemas.TokenSchema())
@auth.response(200, MessageSchema, example=VALID)
@auth.documents_errors(ErrorCode.INVALID_TOKEN, ErrorCode.TOKEN_EXPIRED, ErrorCode.TOKEN_REVOKED)
def check_token(body: dict[str, str]) -> Any:
    """Check a token

    Tells whether a token, access or refresh, could be used now.
    """
    sessions.check(body["token"])
    return VALID


@auth.post("/token/refresh/")
@auth.arguments(schemas.RefreshSchema())
@auth.response(200, schemas.TokensSchema)
@auth.documents_errors(
    ErrorCode.INVALID_TOKEN,
    ErrorCode.TOKEN_EXPIRED,
    ErrorCode.TOKEN_REVOKED,
    ErrorCode.WRONG_TOKEN_TYPE,
)
def refresh_tokens(body: dict[str, str]) -> Any:
    """Refresh the tokens

    Trades a refresh token for a new pair. The token traded in gets the same pair again for
    ten seconds (a lost reply, two tabs); after that it is taken for stolen, and presenting it
    ends the session.
    """
    limits.count_request("RATELIMIT_REFRESH")
    return sessions.rotate(body["refresh"])


@auth.post("/password/")
@auth.arguments(schemas.PasswordLinkSchema())
@auth.response(200, schemas.DetailSchema, example=PASSWORD_SET)
@auth.documents_errors(ErrorCode.INVALID_TOKEN, ErrorCode.TOKEN_EXPIRED, ErrorCode.TOKEN_REVOKED)
def set_password_by_link(body: dict[str, str]) -> Any:
    """Set a password by a link

    With the token of a one-time link from an operator. Ends all sessions of the account.
    """
    password_links.redeem(body["token"], body["password"], current_client())
    return PASSWORD_SET


@auth.post("/logout/")
@login_required
@auth.response(200, MessageSchema, example=LOGGED_OUT)
def log_out() -> Any:
    """Log out

    Ends this session: its tokens are refused from now on, its streams are closed.
    """
    sessions.log_out(current())
    return LOGGED_OUT


@profile.route("/")
class Profile(MethodView):
    @login_required
    @profile.response(200, schemas.UserSchema)
    def get(self) -> Any:
        """Get the profile

        The account that the token stands for.
        """
        return service.get_user(current().user_id)._mapping

    @login_required
    @profile.arguments(schemas.ProfileUpdateSchema(partial=True), example={"first_name": "Ada"})
    @profile.response(200, schemas.UserSchema)
    @profile.documents_errors(ErrorCode.ALREADY_EXISTS)
    def patch(self, fields: dict[str, Any]) -> Any:
        """Change the profile

        Changes the fields that are sent.
        """
        return service.update_profile(current().user_id, fields, current_client())._mapping


@profile.post("/password/")
@login_required
@profile.arguments(schemas.PasswordChangeSchema())
@profile.response(200, schemas.DetailSchema, example=PASSWORD_SET)
@profile.documents_errors(ErrorCode.WRONG_PASSWORD)
def change_password(body: dict[str, str]) -> Any:
    """Change the password

    Ends all other sessions of the account.
    """
    old, new = body["old_password"], body["new_password_1"]
    service.change_password(*current()[:2], old, new, current_client())
    return PASSWORD_SET


@profile.post("/delete/")
@login_required
@profile.arguments(schemas.DeletionSchema())
@profile.response(200, MessageSchema, example=ACCOUNT_DELETED)
@profile.documents_errors(ErrorCode.WRONG_PASSWORD)
def delete_account(body: dict[str, str]) -> Any:
    """Delete the account

    The account and all that is its own are gone, for good.
    """
    service.delete_account(current().user_id, body["password"], current_client())
    return ACCOUNT_DELETED


@logins.route("/")
class Sessions(MethodView):
    @login_required
    @logins.response(200, schemas.SessionListSchema)
    def get(self) -> Any:
        """List sessions

        Where the account is logged in, newest first.
        """
        asking = current()
        rows = sessions.list_live(asking.user_id)
        return {"results": [{**r._mapping, "current": r.id == asking.session_id} for r in rows]}

    @login_required
    @logins.response(200, MessageSchema, example={"message": "Sessions ended: 2"})
    def delete(self) -> Any:
        """End all other sessions

        Their tokens are refused from now on, their streams are closed.
        """
        asking = current()
        count = sessions.end(asking.user_id, session_table.c.id != asking.session_id)
        return {"message": f"Sessions ended: {count}"}


@logins.delete(
    "/<uuid:session_id>/",
    parameters=[{"name": "session_id", "in": "path", "description": "As listed."}],
)
@login_required
@logins.response(200, MessageSchema, example=SESSION_ENDED)
@logins.documents_errors(ErrorCode.NOT_FOUND)
def end_session(session_id: UUID) -> Any:
    """End a session

    Its tokens are refused from now on, its streams are closed.
    """
    if not sessions.end(current().user_id, session_table.c.id == str(session_id)):
        raise not_found("There is no such session.")
    return SESSION_ENDED
