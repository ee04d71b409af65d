"""Sessions: opened by a log-in, rotated by a refresh, ended for good."""

from datetime import datetime, timedelta
from typing import Any

import structlog
from blinker import Signal
from flask import current_app
from sqlalchemy import Connection, Engine, Row, bindparam, delete, insert, select, true, update

from ..core import clock
from ..core.auth import Principal
from ..core.current import current_application
from ..core.database import reading, writing
from ..core.errors import ApiError, ErrorCode
from ..core.ids import uuid7
from ..core.parts import delete_in_parts
from ..events.log import Head, heads
from . import tokens
from .models import sessions

log = structlog.get_logger(__name__)

LEEWAY = timedelta(seconds=10)  # the reply was lost, or two tabs asked
ALL = true()  # the condition of all of a user's sessions

ended = Signal("Sent after the commit that ended sessions, with `user_id` and `session_ids`.")

OWNER = (  # and the head of the owner's log, which lists and replays need as well
    select(sessions.c.user_id, heads.c.seq, heads.c.task_count)
    .outerjoin_from(sessions, heads, heads.c.user_id == sessions.c.user_id)
    .where(sessions.c.id == bindparam("session_id"))
)
LIVE = select(sessions.c.id).where(sessions.c.id.in_(bindparam("session_ids", expanding=True)))
ROW = select(sessions).where(sessions.c.id == bindparam("session_id"))
SURPLUS = delete(sessions).where(
    sessions.c.id.in_(
        select(sessions.c.id)
        .where(
            sessions.c.user_id == bindparam("of_user"),
            sessions.c.expires_at > bindparam("now"),
            sessions.c.id != bindparam("opened"),  # the newest, also where the clock went back
        )
        .order_by(sessions.c.id.desc())  # by age: an id begins with its time
        .offset(bindparam("others"))
    )
)
ROTATE = (
    update(sessions)
    .where(
        sessions.c.id == bindparam("session_id"), sessions.c.generation == bindparam("presented")
    )
    .values(
        generation=sessions.c.generation + 1,
        rotated_at=bindparam("now"),
        expires_at=bindparam("until"),
    )
    .returning(sessions)
)


def identify(token: str) -> Principal:
    """Return who an access token stands for. Raise ApiError (401) for one that is not good."""
    claims = tokens.verify(token, tokens.ACCESS)
    with reading() as connection:
        row = connection.execute(OWNER, {"session_id": claims.session_id}).first()
    owner, seq, task_count = row or (None, 0, 0)
    if owner != claims.user_id:
        raise revoked()
    head = Head(seq or 0, task_count or 0)  # a user whom SQL has made may have none
    return Principal(claims.user_id, claims.session_id, claims.expires_at, head)


def check(token: str) -> None:
    """Raise ApiError (401) unless the token, of either type, could be used now."""
    if not is_live(tokens.verify(token, tokens.ACCESS, tokens.REFRESH)):
        raise revoked()


def is_live(claims: tokens.Claims) -> bool:
    """Tell whether a token's session lives, and a refresh token is its latest. Never cached."""
    row = _find(claims)
    if claims.type == tokens.ACCESS or row is None:
        return row is not None
    return bool(row.generation == claims.generation)


def open_session(
    connection: Connection, user_id: str, user_agent: str
) -> tuple[dict[str, str], list[str]]:
    """Open a session in the log-in's transaction; return its tokens and the ids of ended sessions.

    The oldest sessions beyond SESSIONS_PER_USER end; the caller announces them after the commit.
    """
    now = clock.now()
    row = {
        "id": uuid7(),
        "user_id": user_id,
        "generation": 0,
        "created_at": now,
        "rotated_at": now,
        "expires_at": _until(now),
        "user_agent": user_agent,
    }
    opened = connection.execute(insert(sessions).returning(sessions), row).one()
    others = current_app.config["SESSIONS_PER_USER"] - 1
    wanted = {"of_user": user_id, "now": now, "opened": opened.id, "others": others}
    over = connection.scalars(SURPLUS.returning(sessions.c.id), wanted)
    return tokens.mint(opened), list(over)


def rotate(token: str) -> dict[str, str]:
    """Trade a refresh token for the next pair.

    The token just replaced gets the same pair again within LEEWAY. After that, any replaced token
    counts as stolen and ends the session (RFC 9700, section 4.14.2). Raise ApiError (401).
    """
    claims = tokens.verify(token, tokens.REFRESH)
    presented = clock.now()
    wanted = {"session_id": claims.session_id, "presented": claims.generation}
    with writing() as connection:
        now = clock.now()  # it may have waited
        row = connection.execute(ROTATE, wanted | {"now": now, "until": _until(now)}).first()
    if row:
        return tokens.mint(row)
    row = _find(claims)
    if row is None:
        raise revoked()
    if row.generation == claims.generation + 1 and abs(presented - row.rotated_at) <= LEEWAY:
        return tokens.mint(row)
    log.warning("session_theft", user_id=row.user_id, session_id=row.id)
    end(row.user_id, sessions.c.id == row.id)
    raise revoked()


def log_out(principal: Principal) -> None:
    """End the session that asks."""
    end(principal.user_id, sessions.c.id == principal.session_id)
    log.info("logout", user_id=principal.user_id, session_id=principal.session_id)


def end(user_id: str, which: Any) -> int:
    """End those of a user's sessions to which a condition applies; return how many."""
    with writing() as connection:
        ids = end_in(connection, user_id, which)
    announce(user_id, ids)
    return len(ids)


def end_in(connection: Connection, user_id: str, which: Any) -> list[str]:
    """End sessions inside a transaction; the caller announces the ids once it is committed."""
    statement = delete(sessions).where(sessions.c.user_id == user_id, which)
    return list(connection.scalars(statement.returning(sessions.c.id)))


def announce(user_id: str, ids: list[str]) -> None:
    """Tell the streams that these sessions are over."""
    if ids:
        ended.send(current_application(), user_id=user_id, session_ids=ids)


def list_live(user_id: str) -> list[Row[Any]]:
    """Return a user's sessions, newest first."""
    statement = select(sessions).where(
        sessions.c.user_id == user_id, sessions.c.expires_at > clock.now()
    )
    with reading() as connection:
        return list(connection.execute(statement.order_by(sessions.c.id.desc())))


def prune() -> int:
    """Delete the sessions whose last token has expired; return how many."""
    return delete_in_parts(sessions, sessions.c.expires_at < clock.now())


def find_live(engine: Engine, session_ids: list[str]) -> set[str]:
    """Return which of these sessions still live. Needs no application."""
    with engine.connect() as connection:
        return set(connection.scalars(LIVE, {"session_ids": session_ids}))


def revoked() -> ApiError:
    """Return the refusal of a token whose session is over, or whose successor is there."""
    return ApiError(ErrorCode.TOKEN_REVOKED, "The session of this token has ended.")


def _find(claims: tokens.Claims) -> Row[Any] | None:
    with reading() as connection:
        row = connection.execute(ROW, {"session_id": claims.session_id}).first()
    return row if row is not None and row.user_id == claims.user_id else None


def _until(now: datetime) -> datetime:
    """Return when the last of the tokens that are issued now has run out."""
    lifetimes: list[timedelta] = [
        current_app.config[f"JWT_{kind}_TOKEN_EXPIRES"] for kind in ("ACCESS", "REFRESH")
    ]
    return now + max(lifetimes)
