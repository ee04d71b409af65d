"""Passwords, tokens, and who asks."""

import os
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import jwt
from fastapi import Depends, HTTPException
from fastapi.requests import HTTPConnection
from pwdlib import PasswordHash

from .database import SessionDep, User, now

SECRET = os.environ["SECRET_KEY"]
LIFETIMES = {"access": timedelta(days=7), "refresh": timedelta(days=14)}
password_hash = PasswordHash.recommended()


def mint(user_id: UUID, kind: str) -> str:
    """Return a new token."""
    claims = {"sub": str(user_id), "type": kind, "exp": now() + LIFETIMES[kind]}
    return jwt.encode(claims, SECRET, "HS256")


async def get_current_user(connection: HTTPConnection, session: SessionDep) -> User:
    """Return the user of the request's access token, or of the WebSocket's handshake."""
    token = connection.headers.get("Authorization", "").removeprefix("Bearer ")
    try:
        claims = jwt.decode(token, SECRET, ["HS256"], options={"require": ["sub", "exp"]})
    except jwt.InvalidTokenError:
        raise HTTPException(401, "Could not validate credentials") from None
    user = claims["type"] == "access" and await session.get(User, UUID(claims["sub"]))
    if not user:
        raise HTTPException(401, "Could not validate credentials")
    return user


CurrentUser = Annotated[User, Depends(get_current_user)]
