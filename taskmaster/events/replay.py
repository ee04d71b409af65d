"""Replay by REST: pages of the log after a position, or the news that it is kept no more."""

from typing import Any

from orjson import Fragment

from ..core.database import reading
from ..core.errors import ApiError, ErrorCode
from ..core.pagination import link
from . import log
from .log import Entry


def replay(user_id: str, head: int, since: int, limit: int) -> tuple[int, list[Entry]]:
    """Return where the log stands and the events after `since`, oldest first. `head` was its end.

    Raise ApiError (410) if the position is older than what is kept, or ahead of the log.
    """
    with reading() as connection:
        found = log.read(connection, user_id, since, limit)
    first = found[0].seq if found else head + 1
    if since > head or first != since + 1:
        detail = "The log does not have what followed this position; list the tasks again."
        raise ApiError(ErrorCode.POSITION_EXPIRED, detail)
    return max(head, found[-1].seq) if found else head, found  # one may be committed between


def envelope(last: int, entries: list[Entry]) -> dict[str, Any]:
    """Return the body of a page of events up to `last`, each as it was stored, without parsing."""
    more = entries and entries[-1].seq < last
    return {
        "next": link(since=entries[-1].seq) if more else None,
        "results": [Fragment(entry.payload) for entry in entries],
    }
