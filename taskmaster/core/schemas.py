"""What all schemas share. Requests and replies have schemas of their own."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar

import marshmallow
from marshmallow import EXCLUDE, RAISE, ValidationError, fields
from marshmallow.utils import is_collection

from .clock import rfc3339
from .errors import MAX_ERRORS

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
# RFC 3339, section 5.6; Python takes more. Without an offset, another message says so.
TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.A)
INT64 = {"format": "int64"}  # of a whole number: generated clients give it 32 bits otherwise
MAX_TEXT = 10_000  # characters of any text, before anything that takes long looks at it


class ReplySchema(marshmallow.Schema):
    """What a reply has: each field, always. There may be more in a later version."""

    class Meta:
        unknown = EXCLUDE

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Document every field as required."""
        field_obj.required = True


class Schema(marshmallow.Schema):
    """What a request has. Unknown fields are refused.

    Fields that only the replies of the same resource have are ignored, so that a client can send
    back what it got.
    """

    resource: ClassVar[type[ReplySchema] | None] = None

    class Meta:
        unknown = RAISE

    def load(self, data: Any, **options: Any) -> Any:
        """Return what the data says. Raise ValidationError.

        The error goes without its traceback: marshmallow's error and the frame that raises it
        hold each other, and that frame holds the request with its body. All of it would stay in
        memory until garbage is collected.
        """
        try:
            return super().load(self._take_known(data), **options)
        except ValidationError as error:
            raise error.with_traceback(None)  # noqa: B904 - it is the same

    def _take_known(self, data: Any) -> Any:
        """Drop the fields that only the server sets, and all but some of those that are unknown."""
        if not isinstance(data, Mapping) or data.keys() <= self.fields.keys():
            return data  # if it is no object, marshmallow tells the client
        unknown = (name for name in data if name not in self.fields and name not in self.read_only)
        taken = {*self.fields, *islice(unknown, MAX_ERRORS + 1)}
        return {name: data[name] for name in data if name in taken}

    @cached_property
    def read_only(self) -> set[str]:
        """Return the names of the fields that only the server sets."""
        return self.resource().fields.keys() - self.fields.keys() if self.resource else set()


class UnionSchema(marshmallow.Schema):
    """One of several schemas; of a request, the one whose constant the discriminator names."""

    variants: ClassVar[Sequence[marshmallow.Schema]]
    discriminator: ClassVar[str] = ""  # replies have none: generated Rust takes the field away

    @cached_property
    def variant_by_value(self) -> dict[str, marshmallow.Schema]:
        """Return each variant by the value of its discriminator."""
        fields: list[Any] = [variant.fields[self.discriminator] for variant in self.variants]
        return {field.constant: field.parent for field in fields}

    def load(self, data: Any, **options: Any) -> Any:
        """Return what the variant makes of the data. Raise ValidationError."""
        if not isinstance(data, Mapping):
            raise ValidationError("Invalid input type.")
        value = data.get(self.discriminator)
        if not isinstance(value, str) or value not in self.variant_by_value:
            message = f"Must be one of: {', '.join(self.variant_by_value)}."
            raise ValidationError({self.discriminator: [message]})
        return self.variant_by_value[value].load(data, **options)


class ShortList(fields.List[Any]):
    """A list whose length is checked before anything in it is looked at."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if is_collection(value):
            self._validate(value)
        found: list[Any] = super()._deserialize(value, attr, data, **kwargs)
        return found


class Text(fields.String):
    """Any Unicode that can be stored: no NUL (PostgreSQL), no lone surrogate (UTF-8)."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if len(text) > MAX_TEXT:
            raise ValidationError(f"Longer than maximum length {MAX_TEXT}.")
        if UNSTORABLE.search(text):
            raise ValidationError("NUL characters and lone surrogates are not allowed.")
        return text


class Trimmed(Text):
    """Text without the white space around it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return super()._deserialize(value, attr, data, **kwargs).strip()


class MessageSchema(ReplySchema):
    """A sentence for a person."""

    message = fields.String()


class WholeParameter(fields.Integer):
    """A whole number in plain digits, as parameters have it; bodies: `Integer(strict=True)`."""

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
            if not TIME.fullmatch(value):
                raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        try:
            return super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except OverflowError:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return rfc3339(value)
