"""Tokens (RFC 7519): minted from a session's row, so that the same row gives the same ones."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, cast

from flask import Flask, current_app
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTDecodeError, JWTExtendedException
from jwt import PyJWTError
from sqlalchemy import Row

from ..core import clock
from ..core.errors import ApiError, ErrorCode
from ..core.slots import Slot
from ..extensions import jwt

ACCESS, REFRESH = "access", "refresh"
REQUIRED = {"sub", "type", "sid", "gen", "iat", "exp", "jti"}
FORMS = {"type": str, "sub": str, "sid": str, "gen": int, "exp": int}
ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UNREADABLE = (PyJWTError, JWTExtendedException, ValueError, TypeError, RecursionError)


class Claims(NamedTuple):
    """What a token says. `expires_at` is in seconds since the epoch."""

    type: str
    user_id: str
    session_id: str
    generation: int
    expires_at: int


DECODE = Slot[Callable[[str], Claims]]("decode_token")


def init_app(app: Flask) -> None:
    """Give this application its memory of tokens that it has verified, by their text."""
    jwt.init_app(app)
    DECODE.fill(app, lru_cache(maxsize=4096)(_decode))


def mint(session: Row[Any]) -> dict[str, str]:
    """Return the access and refresh token of a session's present generation."""
    return {
        ACCESS: create_access_token(**_claims(session, ACCESS)),
        REFRESH: create_refresh_token(**_claims(session, REFRESH)),
    }


def verify(token: str, *types: str) -> Claims:
    """Return the claims of a token of one of these types. Raise ApiError (401) otherwise.

    Whether its session still lives is not asked here.
    """
    try:
        claims = DECODE.get()(token)
    except UNREADABLE:
        raise invalid() from None
    if claims.type not in types:
        detail = f"A token of type {claims.type} cannot be used here."
        raise ApiError(ErrorCode.WRONG_TOKEN_TYPE, detail)
    if claims.expires_at <= clock.now().timestamp():
        raise expired()
    return claims


def invalid() -> ApiError:
    """Return the refusal of a token that we did not issue as it is."""
    return ApiError(ErrorCode.INVALID_TOKEN, "This token is not valid.")


def expired() -> ApiError:
    """Return the refusal of a token whose time is over."""
    return ApiError(ErrorCode.TOKEN_EXPIRED, "This token has expired.")


def read_claims(claims: Mapping[str, Any]) -> Claims:
    """Return our form of the claims that flask-jwt-extended has verified."""
    return Claims(*(claims[name] for name in FORMS))


def _claims(session: Row[Any], type_: str) -> dict[str, Any]:
    issued = int(session.rotated_at.timestamp())
    lifetime = current_app.config[f"JWT_{type_.upper()}_TOKEN_EXPIRES"]
    claims = {
        "sid": session.id,
        "gen": session.generation,
        "jti": f"{session.id}.{session.generation}.{type_}",
        "fresh": type_ == ACCESS and session.generation == 0,  # of a log-in, not of a refresh
        "iat": issued,
        "nbf": issued,
        "exp": issued + int(lifetime.total_seconds()),
    }
    return {
        "identity": session.user_id,
        "expires_delta": False,  # `exp` is among the claims
        "additional_claims": claims,
        "additional_headers": {"kid": _key_id(current_app.config["JWT_SECRET_KEY"])},
    }


def _decode(token: str) -> Claims:
    return read_claims(decode_token(token, allow_expired=True))


@jwt.decode_key_loader
def _key(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """Return the key that a token names: today's, or a former one that still verifies.

    Claims of another form than those issued are refused here, since every way to decode a token
    comes through here. What they say is not trusted: the signature is verified after this.
    """
    if not _have_our_form(claims):
        raise JWTDecodeError("These are not claims as they are issued.")
    config = current_app.config
    keys = [config["JWT_SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]]
    return cast(str, next((k for k in keys if _key_id(k) == header.get("kid")), keys[0]))


def _have_our_form(claims: Mapping[str, Any]) -> bool:
    return (
        claims.keys() >= REQUIRED
        and all(type(claims[name]) is kind for name, kind in FORMS.items())
        and claims["type"] in (ACCESS, REFRESH)
        and all(ID.fullmatch(claims[name]) for name in ("sub", "sid"))
    )


@lru_cache(maxsize=64)
def _key_id(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:8]
