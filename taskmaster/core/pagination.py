"""The envelope of lists by page: `count`, `previous`, `next`, `results`."""

from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import fields, validate

from .errors import not_found
from .schemas import Schema, Whole


class PageQuerySchema(Schema):
    """Which page of a list, and how long a page is."""

    page = Whole(load_default=1, validate=validate.Range(min=1))
    page_size = Whole(load_default=10, validate=validate.Range(1, 100))


class PageSchema(Schema):
    """What every list by page has beside its `results`."""

    count = fields.Integer(allow_none=True, metadata={"description": "All, on all pages."})
    previous = fields.Url(allow_none=True)
    next = fields.Url(allow_none=True)


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


def link(**changes: Any) -> str:
    """Return the absolute URL of this request with some parameters changed."""
    parameters = {**request.args.to_dict(flat=False), **changes}
    return f"{request.base_url}?{urlencode(parameters, doseq=True)}"
