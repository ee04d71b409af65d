"""What all schemas share: strict about typos, lenient about what we sent ourselves."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import marshmallow
from marshmallow import RAISE, ValidationError, fields, pre_load

from .clock import rfc3339

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Schema(marshmallow.Schema):
    """Refuse unknown fields; ignore read-only ones, so that a reply can be sent back."""

    class Meta:
        unknown = RAISE

    @pre_load
    def ignore_read_only(self, data: Any, **_: Any) -> Any:
        """Drop the fields that only the server sets."""
        if not self.read_only or not isinstance(data, Mapping):
            return data  # marshmallow tells the client that it is no object
        return {name: value for name, value in data.items() if name not in self.read_only}

    @cached_property
    def read_only(self) -> set[str]:
        """Return the names of the fields that only the server sets."""
        return self.dump_fields.keys() - self.load_fields.keys()


class Text(fields.String):
    """Any Unicode that can be stored: no NUL (PostgreSQL), no lone surrogate (UTF-8)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if UNSTORABLE.search(text):
            raise ValidationError("NUL characters and lone surrogates are not allowed.")
        return text


class Trimmed(Text):
    """Text without the white space around it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return super()._deserialize(value, attr, data, **kwargs).strip()


class MessageSchema(Schema):
    """A sentence for a person."""

    message = fields.String(required=True)


class Whole(fields.Integer):
    """A whole number in plain digits, as parameters have them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdigit()):
            raise self.make_error("invalid", input=value)
        number: int = super()._deserialize(value, attr, data, **kwargs)
        return number


class Time(fields.AwareDateTime):
    """A time with its offset (RFC 3339), brought to UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if isinstance(value, str):
            value = value.upper()  # `t` and `z` are as good (section 5.6); Python knows capitals
        try:
            return super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except OverflowError:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return rfc3339(value)
