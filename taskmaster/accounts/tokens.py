"""Tokens (RFC 7519): minted from a session's row, so that the same row gives the same ones."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, cast
from uuid import UUID

from flask import Flask, current_app
from flask_jwt_extended import create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import PyJWTError
from sqlalchemy import Row

from ..core import clock
from ..core.errors import ApiError, ErrorCode
from ..extensions import jwt

ACCESS, REFRESH = "access", "refresh"
REQUIRED = {"sub", "type", "sid", "gen", "iat", "exp", "jti"}
UNREADABLE = (PyJWTError, JWTExtendedException, ValueError, TypeError, RecursionError)


class Claims(NamedTuple):
    """What a token says. `expires_at` is in seconds since the epoch."""

    type: str
    user_id: str
    session_id: str
    generation: int
    expires_at: int


def init_app(app: Flask) -> None:
    """Give this application its memory of tokens that it has verified, by their text."""
    jwt.init_app(app)
    app.extensions["decode_token"] = lru_cache(maxsize=4096)(_decode)


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
        claims = cast(Claims, current_app.extensions["decode_token"](token))
    except UNREADABLE:
        raise ApiError(ErrorCode.INVALID_TOKEN, "This token is not valid.") from None
    if claims.type not in types:
        detail = f"This is a token for {claims.type}, which is not what is needed here."
        raise ApiError(ErrorCode.WRONG_TOKEN_TYPE, detail)
    if claims.expires_at <= clock.now().timestamp():
        raise ApiError(ErrorCode.TOKEN_EXPIRED, "This token has expired.")
    return claims


def _claims(session: Row[Any], type_: str) -> dict[str, Any]:
    issued = int(session.rotated_at.timestamp())
    lifetime = current_app.config[f"JWT_{type_.upper()}_TOKEN_EXPIRES"]
    claims = {
        "sid": session.id,
        "gen": session.generation,
        "jti": f"{session.id}.{session.generation}.{type_}",
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
    claims = decode_token(token, allow_expired=True)
    if claims["type"] not in (ACCESS, REFRESH):
        raise ValueError("a type of token that is never issued")
    found = (claims["type"], claims["sub"], claims["sid"], claims["gen"], claims["exp"])
    if [type(value) for value in found] != [str, str, str, int, int]:
        raise TypeError("claims of another type than those issued")
    if any(str(UUID(value)) != value for value in (claims["sub"], claims["sid"])):
        raise ValueError("ids of another form than those issued")
    return Claims(*found)


@jwt.decode_key_loader
def _key(header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """Return the key that a token names: today's, or a former one that still verifies."""
    if not claims.keys() >= REQUIRED:
        raise ValueError("a token without all the claims that are issued")
    config = current_app.config
    keys = [config["JWT_SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]]
    return cast(str, next((k for k in keys if _key_id(k) == header.get("kid")), keys[0]))


@lru_cache(maxsize=64)
def _key_id(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:8]
