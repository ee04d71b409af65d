"""`Idempotency-Key`: a request repeated after a lost reply is answered, not carried out again.

The key is stored in the transaction of what it stands for, under the lock of the user's head:
so there is either both or neither, and a second request waits for the first.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from flask import request
from sqlalchemy import (
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base
from . import clock
from .columns import Id, UTCDateTime
from .database import writing
from .errors import ApiError, ErrorCode, invalid
from .schemas import UNSTORABLE

KEPT = timedelta(hours=24)
LONGEST = 255
HEADER = "Idempotency-Key"
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "schema": {"type": "string", "maxLength": LONGEST},
    "description": "Makes a repetition safe for 24 hours: the first reply is given again.",
}


class IdempotencyKey(Base):
    """A key, what was asked with it, and the reply."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[str] = mapped_column(
        Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(LONGEST), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    reply: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


keys: Table = IdempotencyKey.__table__  # type: ignore[assignment]

OWN = (keys.c.user_id == bindparam("of_user"), keys.c.key == bindparam("of_key"))
FIND = select(keys).where(*OWN)
FORGET = delete(keys).where(*OWN)
INSERT = insert(keys)


def requested_key() -> str | None:
    """Return the request's key, quoted or not. Raise ApiError (422)."""
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not 0 < len(key) <= LONGEST or UNSTORABLE.search(key):
        raise invalid({HEADER: [f"1 to {LONGEST} characters."]})
    return key


def once(
    connection: Connection, user_id: str, key: str | None, act: Callable[[], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Return what `act` answers, or what it answered the first time with this key.

    Must run under the lock of the user's head. Raise ApiError (422) if the key stands for
    another body.
    """
    if key is None:
        return act()
    found = connection.execute(FIND, {"of_user": user_id, "of_key": key}).first()
    fingerprint = _fingerprint()
    if found and found.created_at > clock.now() - KEPT:
        if found.fingerprint != fingerprint:
            detail = "This key was used with another body."
            raise ApiError(ErrorCode.IDEMPOTENCY_MISMATCH, detail)
        reply: Mapping[str, Any] = orjson.loads(found.reply)
        return reply
    connection.execute(FORGET, {"of_user": user_id, "of_key": key})
    answer = act()
    row = {"user_id": user_id, "key": key, "fingerprint": fingerprint, "created_at": clock.now()}
    connection.execute(INSERT, row | {"reply": orjson.dumps(answer).decode()})
    return answer


def prune() -> int:
    """Delete the keys that are no longer kept; return how many."""
    with writing() as connection:
        expired = delete(keys).where(keys.c.created_at < clock.now() - KEPT)
        return connection.execute(expired).rowcount


def _fingerprint() -> str:
    """Return a digest of the body as parsed JSON: white space and order do not matter."""
    try:
        body = orjson.dumps(request.get_json(), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # an ignored field is no UTF-8, or nested deeper than it goes
        body = request.get_data()
    return sha256(body).hexdigest()
