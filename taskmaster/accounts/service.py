"""Accounts: registering, logging in, changing, deleting. Each call owns its transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from marshmallow import ValidationError
from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ..core import clock
from ..core.database import reading, writing
from ..core.errors import ApiError, ErrorCode, invalid
from ..core.ids import uuid7
from ..events import log as event_log
from ..events.models import StreamHead
from . import passwords, sessions
from .models import sessions as session_table
from .models import users
from .schemas import refuse_guessable

log = structlog.get_logger(__name__)

User = Row[Any]
BY_ID = select(users).where(users.c.id == bindparam("user_id"))
BY_LOGIN = select(users).where(
    or_(users.c.username == bindparam("login"), users.c.email == bindparam("login"))
)


def register(fields: Mapping[str, Any]) -> tuple[User, dict[str, str]]:
    """Make an account and log it in. Raise ApiError (409) if the name or e-mail is taken."""
    password_hash = passwords.hash_password(fields["password"])
    with _unique(fields), writing() as connection:
        user = _insert_user(connection, fields, password_hash, last_login=clock.now())
        tokens = sessions.open_session(connection, user.id)
    log.info("user_registered", user_id=user.id)
    return user, tokens


def create_superuser(fields: Mapping[str, Any]) -> User:
    """Make an account for an operator. Raise ApiError (409) if the name or e-mail is taken."""
    password_hash = passwords.hash_password(fields["password"])
    with _unique(fields), writing() as connection:
        user = _insert_user(connection, fields, password_hash, is_superuser=True)
    log.info("superuser_created", user_id=user.id)
    return user


def _insert_user(
    connection: Connection, fields: Mapping[str, Any], password_hash: str, **more: Any
) -> User:
    """Insert the rows of a new account: the user, and the head of the user's log."""
    names = ("username", "email", "first_name", "last_name")
    row = {name: fields.get(name) for name in names} | more
    row |= {"id": uuid7(), "password_hash": password_hash}
    row["date_joined"] = row["last_updated"] = clock.now()
    user = connection.execute(insert(users).values(row).returning(users)).one()
    event_log.open_log(connection, user.id)
    return user


def log_in(login: str, password: str) -> tuple[User, dict[str, str]]:
    """Open a session. An unknown user and a wrong password look and last the same (401)."""
    with reading() as connection:
        found = connection.execute(BY_LOGIN, {"login": login}).first()
    right = passwords.verify_password(found.password_hash if found else None, password)
    if found is None or not right:
        log.warning("login_failed", user_id=found and found.id)
        raise _bad_credentials()
    changes: dict[str, Any] = {"last_login": clock.now()}
    if passwords.needs_rehash(found.password_hash):
        changes["password_hash"] = passwords.hash_password(password)
    with writing() as connection:
        # Only if the password that was checked still is the password.
        user = _update_user(connection, found, changes)
        if user is None:
            raise _bad_credentials()
        tokens = sessions.open_session(connection, user.id)
    log.info("login", user_id=user.id)
    return user, tokens


def find_user(user_id: str) -> User | None:
    """Return an account, or None if it is gone."""
    with reading() as connection:
        return connection.execute(BY_ID, {"user_id": user_id}).first()


def get_user(user_id: str) -> User:
    """Return an account. Raise ApiError (401) if it is gone."""
    user = find_user(user_id)
    if user is None:
        raise account_gone()
    return user


def account_gone() -> ApiError:
    """Return the refusal of a token whose account was deleted."""
    return ApiError(ErrorCode.TOKEN_REVOKED, "The account of this token is gone.")


def update_profile(user_id: str, fields: Mapping[str, Any]) -> User:
    """Change names or e-mail. Raise ApiError (409) if the username or e-mail is taken."""
    user = get_user(user_id)
    changes = {name: value for name, value in fields.items() if getattr(user, name) != value}
    if not changes:
        return user
    changes["last_updated"] = clock.now()
    with _unique(fields, but=user_id), writing() as connection:
        statement = update(users).where(users.c.id == user_id).values(changes)
        connection.execute(statement)
    return get_user(user_id)


def change_password(user_id: str, session_id: str, old: str, new: str) -> None:
    """Set a new password and end all other sessions. Raise ApiError (400, 422)."""
    user = _confirm_password(user_id, old, "old_password")
    try:
        refuse_guessable(new, user.username, user.email, "new_password_1")
    except ValidationError as error:
        raise invalid(error.normalized_messages()) from None
    changes = {"password_hash": passwords.hash_password(new), "last_updated": clock.now()}
    with writing() as connection:
        if _update_user(connection, user, changes) is None:
            raise _wrong_password("old_password")
        over = sessions.end_in(connection, user_id, session_table.c.id != session_id)
    sessions.announce(user_id, over)
    log.info("password_changed", user_id=user_id, sessions_ended=len(over))


def delete_account(user_id: str, password: str) -> None:
    """Delete the account and all that is its own. Raise ApiError (400)."""
    _confirm_password(user_id, password, "password")
    with writing() as connection:
        # The head first, as every writer takes it first: no deadlock, and no task after it.
        connection.execute(delete(StreamHead).where(StreamHead.user_id == user_id))
        over = sessions.end_in(connection, user_id)
        connection.execute(delete(users).where(users.c.id == user_id))
    sessions.announce(user_id, over)
    log.info("account_deleted", user_id=user_id)


def _update_user(connection: Connection, user: User, changes: Mapping[str, Any]) -> User | None:
    """Change a row unless its password was changed since it was read."""
    unchanged = (users.c.id == user.id, users.c.password_hash == user.password_hash)
    statement = update(users).where(*unchanged).values(changes).returning(users)
    return connection.execute(statement).first()


def _confirm_password(user_id: str, password: str, field: str) -> User:
    user = get_user(user_id)
    if not passwords.verify_password(user.password_hash, password):
        raise _wrong_password(field)
    return user


@contextmanager
def _unique(fields: Mapping[str, Any], but: str | None = None) -> Iterator[None]:
    """Turn the database's refusal of a duplicate into a 409 that names every taken field."""
    try:
        yield
    except IntegrityError:
        wanted = {name: fields[name] for name in ("username", "email") if name in fields}
        taken = {n: ["Already taken."] for n, value in wanted.items() if _taken(n, value, but)}
        raise ApiError(ErrorCode.ALREADY_EXISTS, "This account exists already.", taken) from None


def _taken(name: str, value: str, but: str | None) -> bool:
    statement = select(users.c.id).where(users.c[name] == value)
    with reading() as connection:
        return connection.scalar(statement) not in (None, but)


def _bad_credentials() -> ApiError:
    return ApiError(ErrorCode.BAD_CREDENTIALS, "The username or the password is wrong.")


def _wrong_password(field: str) -> ApiError:
    detail = "The password is wrong."
    return ApiError(ErrorCode.WRONG_PASSWORD, detail, {field: [detail]})
