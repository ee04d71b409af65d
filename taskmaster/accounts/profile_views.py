"""One's own account."""

from typing import Any

from flask.views import MethodView

from ..core.auth import current, login_required
from ..core.blueprint import Blueprint
from ..core.caching import let_user_keep
from ..core.client import current_client
from ..core.errors import ErrorCode
from ..core.schemas import MessageSchema
from . import service
from .schemas import (
    DeletionSchema,
    DetailSchema,
    PasswordChangeSchema,
    ProfileUpdateSchema,
    UserSchema,
)

blp = Blueprint(
    "profile", __name__, url_prefix="/api/v1/auth/profile", description="One's own account."
)
blp.after_request(let_user_keep)


@blp.route("/")
class Profile(MethodView):
    @login_required
    @blp.response(200, UserSchema)
    def get(self) -> Any:
        """Get the profile

        The account that the token stands for.
        """
        return service.get_user(current().user_id)._mapping

    @login_required
    @blp.arguments(ProfileUpdateSchema(partial=True), example={"first_name": "Ada"})
    @blp.response(200, UserSchema)
    @blp.documents_errors(ErrorCode.ALREADY_EXISTS)
    def patch(self, fields: dict[str, Any]) -> Any:
        """Change the profile

        Changes the fields that are sent.
        """
        return service.update_profile(current().user_id, fields, current_client())._mapping


@blp.post("/password/")
@login_required
@blp.arguments(PasswordChangeSchema())
@blp.response(200, DetailSchema)
@blp.documents_errors(ErrorCode.WRONG_PASSWORD)
def change_password(body: dict[str, str]) -> Any:
    """Change the password

    Ends all other sessions of the account.
    """
    old, new = body["old_password"], body["new_password_1"]
    service.change_password(*current()[:2], old, new, current_client())
    return {"detail": "password updated successfully"}


@blp.post("/delete/")
@login_required
@blp.arguments(DeletionSchema())
@blp.response(200, MessageSchema)
@blp.documents_errors(ErrorCode.WRONG_PASSWORD)
def delete_account(body: dict[str, str]) -> Any:
    """Delete the account

    The account and all that is its own are gone, for good.
    """
    service.delete_account(current().user_id, body["password"], current_client())
    return {"message": "Account deleted"}
