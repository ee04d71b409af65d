"""Accounts: registering, logging in, changing, deleting. Each call owns its transaction."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import structlog
from flask import current_app
from marshmallow import ValidationError
from sqlalchemy import Connection, bindparam, insert, or_, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ..core import clock
from ..core.client import Client
from ..core.database import reading, writing, writing_of
from ..core.errors import ApiError, ErrorCode, account_gone, invalid
from ..core.ids import uuid7
from ..core.limits import Counter, count_failures
from ..events import log as event_log
from . import deletion, passwords, sessions
from .models import NOT_DELETED, UserRow, update_unless_changed, users
from .models import sessions as session_table
from .schemas import refuse_guessable

log = structlog.get_logger(__name__)

# Settings: failures by account and address, by address alone, taken names by address.
LOGIN, LOGIN_ADDRESS = "RATELIMIT_LOGIN", "RATELIMIT_LOGIN_ADDRESS"
PROFILE = "RATELIMIT_PROFILE"
# All hash in one line, so that log-ins wait behind few of them. In capitals, as no login is.
REGISTRATIONS = "REGISTRATIONS"
UNIQUE = ("username", "email")

BY_ID = select(users).where(users.c.id == bindparam("user_id"), NOT_DELETED)
BY_LOGIN = select(users).where(
    or_(users.c.username == bindparam("login"), users.c.email == bindparam("login"))
)


def register(fields: Mapping[str, Any], client: Client) -> tuple[UserRow, dict[str, str]]:
    """Make an account and log it in.

    Raise ApiError: 403 if REGISTRATION is closed, 409 if the name or e-mail is taken, 429, 503.
    """
    if current_app.config["REGISTRATION"] == "closed":
        detail = "Accounts are made by whoever runs this server."
        raise ApiError(ErrorCode.REGISTRATION_CLOSED, detail)
    password_hash = passwords.hash_password(fields["password"], client.address, REGISTRATIONS)
    with unique(fields), writing() as connection:
        user = insert_user(connection, fields, password_hash, last_login=clock.now())
        tokens, _ = sessions.open_session(connection, user.id, client.user_agent)
    log.info("user_registered", user_id=user.id)
    return user, tokens


def insert_user(
    connection: Connection, fields: Mapping[str, Any], password_hash: str, **more: Any
) -> UserRow:
    """Insert the rows of a new account: the user, and the head of the user's log."""
    names = ("username", "email", "first_name", "last_name")
    row = {name: fields.get(name) for name in names} | more
    row |= {"id": uuid7(), "password_hash": password_hash}
    row["date_joined"] = row["last_updated"] = clock.now()
    user = connection.execute(insert(users).values(row).returning(users)).one()
    event_log.open_log(connection, user.id)
    return user


def log_in(
    login: str, password: str, client: Client, superusers_only: bool = False
) -> tuple[UserRow, dict[str, str]]:
    """Open a session; return the user and the tokens. Raise ApiError (401, 403, 429, 503).

    An unknown user, a wrong password and an inactive account get the same 401 after the same time.
    """
    with reading() as connection:
        found = connection.execute(BY_LOGIN, {"login": login}).first()
    account = found.id if found else login
    with _guarded(account, client.address):
        known = found.password_hash if found else None
        right = passwords.verify_password(known, password, client.address, account)
        if found is None or not (right and found.is_active):
            log.warning("login_failed", user_id=found and found.id, address=client.address)
            detail = "The username or the password is wrong."
            raise ApiError(ErrorCode.BAD_CREDENTIALS, detail)
    if superusers_only and not found.is_superuser:
        log.warning("login_failed", user_id=found.id, address=client.address)
        raise ApiError(ErrorCode.FORBIDDEN, "Only superusers may see these pages.")
    changes: dict[str, Any] = {"last_login": clock.now()}
    if passwords.hasher.check_needs_rehash(found.password_hash):
        changes["password_hash"] = passwords.hash_password(password, client.address)
    with writing() as connection:
        # Only if the password that was checked still is the password, of one who is active.
        user = update_unless_changed(connection, found, changes)
        if user:
            tokens, over = sessions.open_session(connection, user.id, client.user_agent)
    if user is None:  # the row has changed since it was checked: check again
        return log_in(login, password, client, superusers_only)
    sessions.announce(user.id, over)
    log.info("login", user_id=user.id, sessions_ended=len(over))
    return user, tokens


def find_user(user_id: str) -> UserRow | None:
    """Return an account, or None if it is gone."""
    with reading() as connection:
        return connection.execute(BY_ID, {"user_id": user_id}).first()


def get_user(user_id: str) -> UserRow:
    """Return an account. Raise ApiError (401) if it is gone, or not active."""
    user = find_user(user_id)
    if user is None or not user.is_active:
        raise account_gone()
    return user


def update_profile(user_id: str, fields: Mapping[str, Any], client: Client) -> UserRow:
    """Change username, names or e-mail. Raise ApiError (409) if username or e-mail is taken.

    Taken ones count towards RATELIMIT_PROFILE (429): nobody can probe for many here.
    """
    user = get_user(user_id)
    changes = {name: value for name, value in fields.items() if getattr(user, name) != value}
    if not changes:
        return user
    counters = [Counter(PROFILE, client.address)] if changes.keys() & UNIQUE else []
    changes["last_updated"] = clock.now()
    known = users.c.id == user_id, NOT_DELETED
    with count_failures(*counters), unique(fields, but=user_id), writing() as connection:
        statement = update(users).where(*known).values(changes).returning(users)
        changed = connection.execute(statement).first()
    if changed is None:  # deleted meanwhile
        raise account_gone()
    return changed


def change_password(user_id: str, session_id: str, old: str, new: str, client: Client) -> None:
    """Set a new password and end all other sessions. Raise ApiError (400, 401, 422, 429, 503)."""
    user = _confirm_password(user_id, old, "old_password", client)
    others, refusal = session_table.c.id != session_id, _wrong_password("old_password")
    count = replace_password(user, new, "new_password_1", client, refusal, others)
    log.info("password_changed", user_id=user_id, sessions_ended=count)


def replace_password(
    user: UserRow, password: str, field: str, client: Client, refusal: ApiError, which: Any
) -> int:
    """Set a password and end those sessions to which the condition applies; return how many.

    Raise `refusal` if the row has changed since it was read, or ApiError (422, 429, 503).
    """
    password_hash = hash_new_password(user, password, field, client.address)
    changes = {"password_hash": password_hash, "last_updated": clock.now()}
    with writing() as connection:
        if update_unless_changed(connection, user, changes) is None:
            raise refusal
        over = sessions.end_in(connection, user.id, which)
    sessions.announce(user.id, over)
    return len(over)


def hash_new_password(user: UserRow, password: str, field: str, *callers: str) -> str:
    """Return the hash of a password that an account is to have. Raise ApiError (422, 429, 503).

    `field` is named where the password is easily guessed.
    """
    try:
        refuse_guessable(password, user.username, user.email, field)
    except ValidationError as error:
        raise invalid(error.normalized_messages()) from None
    return passwords.hash_password(password, *callers)


def delete_account(user_id: str, password: str, client: Client) -> None:
    """Delete the account and all that is its own. Raise ApiError (400, 401, 429, 503)."""
    user = _confirm_password(user_id, password, "password", client)
    with writing_of(user_id) as connection:
        over = deletion.begin(connection, user)
        if over is None:
            connection.rollback()
    if over is None:  # the row has changed since it was checked: check again
        return delete_account(user_id, password, client)
    sessions.announce(user_id, over)
    log.info("account_deleted", user_id=user_id)
    try:
        deletion.finish(user_id)
    except (SQLAlchemyError, ApiError) as error:  # nobody sees what is left; housekeeping goes on
        log.warning("deletion_unfinished", user_id=user_id, error=type(error).__name__)


def _confirm_password(user_id: str, password: str, field: str, client: Client) -> UserRow:
    user = get_user(user_id)
    with _guarded(user_id, client.address):
        if not passwords.verify_password(user.password_hash, password, client.address, user_id):
            log.warning("wrong_password", user_id=user_id)
            raise _wrong_password(field)
    return user


def _guarded(account: str, address: str) -> AbstractContextManager[None]:
    """Limit wrong passwords: of an address for one account, and for all accounts together.

    `account` is a user's id, or the login as given if no user has it. A stranger's guesses come
    from another address: they shut nobody out.
    """
    counters = Counter(LOGIN, f"{account} {address}"), Counter(LOGIN_ADDRESS, address)
    return count_failures(*counters)


@contextmanager
def unique(fields: Mapping[str, Any], but: str | None = None) -> Iterator[None]:
    """Turn the database's refusal of a duplicate into a 409 that names every taken field.

    Where what was taken is free again by now, it cannot be told which it was: all are named.
    """
    try:
        yield
    except IntegrityError:
        wanted = [name for name in UNIQUE if name in fields]
        taken = [name for name in wanted if _taken(name, fields[name], but)] or wanted
        errors = {name: ["Already taken."] for name in taken}
        raise ApiError(ErrorCode.ALREADY_EXISTS, "This account exists already.", errors) from None


def _taken(name: str, value: str, but: str | None) -> bool:
    statement = select(users.c.id).where(users.c[name] == value)
    with reading() as connection:
        return connection.scalar(statement) not in (None, but)


def _wrong_password(field: str) -> ApiError:
    detail = "The password is wrong."
    return ApiError(ErrorCode.WRONG_PASSWORD, detail, {field: [detail]})
