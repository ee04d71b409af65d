"""What accounts take and give."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from ..core.schemas import ReplySchema, Schema, Text, Time, Trimmed
from .common_passwords import MAX_RANK, is_common

PASSWORD = validate.Length(6, 128)
NEW_PASSWORD = (
    "6 to 128 characters, kept as they are. Refused (422) are the username, the e-mail and, in any"
    f" case of letters, common passwords: the first {MAX_RANK:,} of each list (leaked passwords,"
    " names, English words) in the package [zxcvbn](https://github.com/dwolfhub/zxcvbn-python),"
    " such as `123456`, and short sequences and repetitions, such as `abcdef` and `121212`."
)
USERNAME = validate.Regexp(
    r"^[A-Za-z0-9_]{4,150}$", error="4 to 150 ASCII letters, digits or underscores."
)
NAME = validate.Length(max=255)
KELVIN = "\u212a"  # what is no ASCII, but its lower case is


class LowerCase(Trimmed):
    """Trimmed text in lower case."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if KELVIN in text:
            raise ValidationError("The Kelvin sign is no letter here.")
        return text.lower()


class Email(LowerCase, fields.Email):
    """An e-mail address, trimmed and in lower case.

    Between quotes it may have control characters (RFC 5322), which a terminal would act on.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not text.isprintable():
            raise self.make_error("invalid", input=value)
        return text


def password(
    example: str = "correct horse", validate: Any = PASSWORD, description: str = NEW_PASSWORD
) -> Text:
    """Return the field of a password: never trimmed, never sent back."""
    metadata = {"format": "password", "example": example, "description": description}
    return Text(required=True, load_only=True, metadata=metadata, validate=validate)


def present_password() -> Text:
    """Return the field of a password that there is already."""
    return password(validate=validate.Length(max=128), description="The present password.")


class UserSchema(ReplySchema):
    """A user, as they see themselves."""

    id = fields.UUID()
    first_name = fields.String(allow_none=True, metadata={"example": "Ada"})
    last_name = fields.String(allow_none=True, metadata={"example": "Lovelace"})
    username = fields.String(metadata={"example": "ada_l"})
    email = fields.Email(metadata={"example": "ada@example.org"})
    last_updated = Time()
    last_login = Time(allow_none=True)
    is_superuser = fields.Boolean()


class TokensSchema(ReplySchema):
    """The tokens of a session: `access` for calls and streams, `refresh` for the next pair."""

    access = fields.String()
    refresh = fields.String()


class AccountSchema(UserSchema):
    """A user, with the tokens of the session that was opened."""

    tokens = fields.Nested(TokensSchema)


class SessionSchema(ReplySchema):
    """A log-in."""

    id = fields.UUID()
    created_at = Time()
    last_used_at = Time(
        attribute="rotated_at", metadata={"description": "When its tokens were last issued."}
    )
    expires_at = Time()
    user_agent = fields.String()
    current = fields.Boolean(metadata={"description": "The one that asks.", "example": True})


class SessionListSchema(ReplySchema):
    """The sessions of an account, newest first."""

    results = fields.List(fields.Nested(SessionSchema))


class ProfileUpdateSchema(Schema):
    """The fields of a user to change."""

    resource = AccountSchema

    first_name = Trimmed(allow_none=True, validate=NAME, metadata={"example": "Ada"})
    last_name = Trimmed(allow_none=True, validate=NAME, metadata={"example": "Lovelace"})
    username = LowerCase(
        required=True,
        validate=USERNAME,
        metadata={"example": "ada_l", "description": "Kept in lower case."},
    )
    email = Email(
        required=True,
        validate=validate.Length(max=255),
        metadata={"example": "ada@example.org", "description": "Kept in lower case."},
    )


class RegistrationSchema(ProfileUpdateSchema):
    """A new user."""

    password = password()

    @validates_schema
    def check_password(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse the username or the e-mail as password."""
        refuse_guessable(data["password"], data["username"], data["email"], "password")


class LoginSchema(Schema):
    """Credentials: a username or an e-mail, in either field, and the password."""

    username = Trimmed(
        validate=NAME,
        metadata={"example": "ada_l", "description": "A username or an e-mail."},
    )
    email = Trimmed(
        validate=NAME,
        metadata={"example": "ada@example.org", "description": "In the place of `username`."},
    )
    password = present_password()

    @post_load
    def name_the_account(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Bring the two fields into one."""
        given = [data[name] for name in ("username", "email") if data.get(name)]
        if len(given) != 1:
            raise ValidationError("Give a username or an e-mail, not both.", "username")
        return {"login": given[0].lower(), "password": data["password"]}


class PasswordChangeSchema(Schema):
    """The old password, and the new one twice."""

    old_password = present_password()
    new_password_1 = password("battery staple")
    new_password_2 = password("battery staple", None, "The same as `new_password_1`.")

    @validates_schema
    def check_repetition(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse two different new passwords."""
        if data["new_password_1"] != data["new_password_2"]:
            raise ValidationError("The two new passwords differ.", "new_password_2")


class NewPasswordSchema(Schema):
    """A password that an operator sets."""

    password = password()


class PasswordLinkSchema(NewPasswordSchema):
    """What a one-time link carries, and the password to set."""

    token = Text(required=True)


class DeletionSchema(Schema):
    """The password, to be sure."""

    password = present_password()


class TokenSchema(Schema):
    """A token of either type."""

    token = Text(required=True)


class RefreshSchema(Schema):
    """A refresh token."""

    refresh = Text(required=True)


class DetailSchema(ReplySchema):
    """A sentence for a person, in the field that the original system used."""

    detail = fields.String()


def refuse_guessable(password: str, username: str, email: str, field: str) -> None:
    """Raise ValidationError for a password that is tried first: the name, or a common one."""
    if password.lower() in (username, email):
        raise ValidationError("The password must not be the username or the e-mail.", field)
    if is_common(password):
        raise ValidationError("This password is too common.", field)
