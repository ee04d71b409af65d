"""`Idempotency-Key`: a request repeated after a lost reply is answered, not carried out again.

The key is stored in the transaction of the change, under the lock of the user's head. So either
both exist or neither, and a second request waits for the first. Each row also has the running
total of the bytes of the user's replies. The newest total less the oldest is the size of all kept
replies except the oldest. So a user may exceed the quota by the oldest reply, and by the last one
that was let in.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from flask import Request, current_app
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import db
from . import clock
from .columns import Id, UTCDateTime
from .errors import ApiError, ErrorCode, invalid
from .parts import delete_in_parts
from .schemas import UNSTORABLE

KEPT = timedelta(hours=24)
MAX_LENGTH = 255
HEADER = "Idempotency-Key"
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
    "description": "Makes a repetition safe for 24 hours: the first reply is given again.",
}


class IdempotencyKey(db.Model):  # type: ignore[name-defined]
    """A key, what was asked with it, and the reply."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[str] = mapped_column(
        Id, sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(sa.String(MAX_LENGTH), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    reply: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    bytes_so_far: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")

    __table_args__ = (sa.Index("ix_idempotency_keys_bytes", "user_id", "bytes_so_far"),)


keys: sa.Table = IdempotencyKey.__table__

OWN = (keys.c.user_id == sa.bindparam("of_user"), keys.c.key == sa.bindparam("of_key"))
FIND = sa.select(keys).where(*OWN)
FORGET = sa.delete(keys).where(*OWN)
INSERT = sa.insert(keys)
# Rows of an older version, which may serve the same database meanwhile, have 0.
OLDEST, NEWEST = (
    sa.select(end(keys.c.bytes_so_far)).where(OWN[0], keys.c.bytes_so_far > 0)
    for end in (sa.func.min, sa.func.max)
)
# Two subqueries: SQLite reads the whole index for MIN and MAX in one SELECT.
MEASURE = sa.select(
    sa.func.coalesce(OLDEST.scalar_subquery(), 0), sa.func.coalesce(NEWEST.scalar_subquery(), 0)
)
OLDEST_KEPT = OLDEST.where(keys.c.created_at > sa.bindparam("since"))


class Key(NamedTuple):
    """A key that a client chose, and a digest of what was asked with it."""

    value: str
    fingerprint: str


def read_key(request: Request, body_only: bool = False) -> Key | None:
    """Return the key of a request, quoted or not; None without one. Raise ApiError (422).

    It stands for the path and the body. `body_only` is for calls whose keys were stored so before.
    """
    value = request.headers.get(HEADER)
    if value is None:
        return None
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    if not 0 < len(value) <= MAX_LENGTH or UNSTORABLE.search(value):
        raise invalid({HEADER: [f"1 to {MAX_LENGTH} characters."]})
    return Key(value, _fingerprint(request, "" if body_only else request.path))


def run_idempotent(
    connection: sa.Connection, user_id: str, key: Key | None, operation: Callable[[], Any]
) -> Any:
    """Return the reply of `operation`, or the one that it gave the first time with this key.

    The reply must be what JSON can hold. The transaction must have locked the user's head.
    Raise ApiError (422) if the key was used with another request, or the user's kept replies fill
    what one user may have.
    """
    if key is None:
        return operation()
    own = {"of_user": user_id, "of_key": key.value}
    found = connection.execute(FIND, own).first()
    if found and found.created_at > clock.now() - KEPT:
        if found.fingerprint != key.fingerprint:
            detail = "This key was used with another request."
            raise ApiError(ErrorCode.IDEMPOTENCY_MISMATCH, detail)
        return orjson.loads(found.reply)
    if found:
        connection.execute(FORGET, own)
    so_far = _measure(connection, user_id)
    reply = operation()
    stored = orjson.dumps(reply)
    row = {
        "user_id": user_id,
        "key": key.value,
        "fingerprint": key.fingerprint,
        "reply": stored.decode(),
        "created_at": clock.now(),
        "bytes_so_far": so_far + len(stored),
    }
    connection.execute(INSERT, row)
    return reply


def prune() -> int:
    """Delete the keys that are no longer kept; return how many."""
    return delete_in_parts(keys, keys.c.created_at < clock.now() - KEPT)


def _measure(connection: sa.Connection, user_id: str) -> int:
    """Return what the user's replies have come to. Raise ApiError (422) if too much is kept."""
    own, quota = {"of_user": user_id}, current_app.config["IDEMPOTENCY_BYTES_PER_USER"]
    oldest, newest = connection.execute(MEASURE, own).one()
    if newest - oldest >= quota:  # expired rows count until housekeeping deletes them
        oldest = connection.scalar(OLDEST_KEPT, own | {"since": clock.now() - KEPT})
        if oldest is not None and newest - oldest >= quota:
            detail = f"The replies kept for one user's {HEADER}s may have {quota:,} bytes at most."
            raise ApiError(ErrorCode.QUOTA_EXCEEDED, detail)
    return int(newest)


def _fingerprint(request: Request, path: str) -> str:
    """Return a digest of the path, and of the body as parsed JSON: order does not matter."""
    try:
        body = orjson.dumps(request.get_json(silent=True), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # an ignored field is no UTF-8, or nested deeper than it goes
        body = request.get_data()
    return sha256(path.encode() + body).hexdigest()
