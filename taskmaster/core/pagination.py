"""Lists by page or by cursor, in one envelope: `count`, `previous`, `next`, `results`."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import orjson
from marshmallow import fields, validate

from .current import current_request
from .errors import ApiError, invalid, not_found
from .schemas import UNSTORABLE, Schema, WholeParameter


def link_to(example: str, description: str) -> fields.Url:
    """Return a field that links to another part of a list; `example` is a path below the API."""
    metadata = {"description": description, "example": f"http://localhost:8000/api/v1/{example}"}
    return fields.Url(allow_none=True, metadata=metadata)


class PageQuerySchema(Schema):
    """Which page of a list, and how long a page is."""

    page = WholeParameter(
        load_default=1,
        validate=validate.Range(min=1),
        metadata={"description": "The number of the page, from 1."},
    )
    page_size = WholeParameter(
        load_default=10,
        validate=validate.Range(1, 100),
        metadata={"description": "How many a page has at most."},
    )


class Cursor(NamedTuple):
    """A place in a list: its ordering, what the row before it is ordered by, and that row's id."""

    ordering: str
    value: Any
    id: str

    def encode(self) -> str:
        """Write it for a URL; clients do not look inside."""
        return urlsafe_b64encode(orjson.dumps([*self])).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, ordering: str) -> "Cursor":
        """Read it. Raise ApiError (422) for what `encode` did not write for this ordering."""
        try:
            of, value, row_id = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if of != ordering or (isinstance(value, str) and UNSTORABLE.search(value)):
                raise ValueError
            return cls(ordering, value, str(UUID(row_id)))
        except (ValueError, TypeError, AttributeError):
            raise bad_cursor() from None


def bad_cursor() -> ApiError:
    """Return the refusal of a cursor that is none of this list."""
    return invalid({"cursor": ["Not a cursor of this list."]})


def offset(page: int, page_size: int, count: int) -> int:
    """Return how many rows come before a page. Raise ApiError (404) past the last page."""
    before = (page - 1) * page_size
    if before and before >= count:
        raise not_found("This page is past the last.")
    return before


def envelope(
    page: int, page_size: int, count: int, results: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the body of a page; its links keep the request's other parameters."""
    more = page * page_size < count
    return {
        "count": count,
        "previous": link(page=page - 1) if page > 1 else None,
        "next": link(page=page + 1) if more else None,
        "results": results,
    }


def cursor_envelope(following: Cursor | None, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the body of a part of a list by cursor: nothing is counted, nothing goes back."""
    return {
        "count": None,
        "previous": None,
        "next": link(cursor=following.encode()) if following else None,
        "results": results,
    }


def link(**changes: Any) -> str:
    """Return the absolute URL of this request with some parameters changed."""
    request = current_request()
    parameters = {**request.args.to_dict(flat=False), **changes}
    query = urlencode(parameters, doseq=True)
    return f"{request.scheme}://{request.host}{request.path}?{query}"
