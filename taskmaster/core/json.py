"""JSON by orjson, strict about what RFC 8259 does not know (NaN, Infinity)."""

import gc
import json
from typing import Any

import orjson
from flask import Response
from flask.json.provider import DefaultJSONProvider, JSONProvider


class OrjsonProvider(JSONProvider):
    """Flask's JSON, for `request.get_json()` and `jsonify()` alike."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """Write compact JSON, also of what Flask's own provider knows, such as a Decimal."""
        default = DefaultJSONProvider.default
        try:
            return orjson.dumps(obj, default, orjson.OPT_NON_STR_KEYS).decode()
        except TypeError:  # lone surrogates, integers of more than 64 bits
            return json.dumps(obj, default=default)

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Read JSON in UTF-8. Raise ValueError for anything else."""
        enabled = gc.isenabled()
        gc.disable()  # 340,000 lists in a body would be looked through 20 times
        try:
            return orjson.loads(s)
        except orjson.JSONDecodeError:
            return _loads_surrogates(s)
        finally:
            if enabled:
                gc.enable()


def _loads_surrogates(text: str | bytes) -> Any:
    """Read what orjson refuses but JSON allows (lone surrogates): validation names the field."""
    try:
        text = text if isinstance(text, str) else text.decode()
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a response made of plain mappings. No schema is asked: this is for hot paths."""
    return Response(orjson.dumps(body), status, headers, mimetype="application/json")
