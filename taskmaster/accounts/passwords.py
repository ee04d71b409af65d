"""Passwords, by argon2id with the parameters of OWASP's Password Storage Cheat Sheet.

Hashing takes tens of milliseconds of CPU: it runs off the event loop, and holds no database
connection meanwhile.
"""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..core.concurrency import run_blocking
from ..core.limits import hashing_turn

R = TypeVar("R")

hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # memory in KiB


def hash_password(password: str, *callers: str) -> str:
    """Return the password's hash, with its salt and parameters in it.

    It waits behind others of the same callers: an address, an account. Raise ApiError (429, 503).
    """
    return _run(callers, hasher.hash, password)


def verify_password(password_hash: str | None, password: str, *callers: str) -> bool:
    """Tell whether the password is right; take the same time where there is no hash.

    Raise ApiError (429, 503) as `hash_password` does.
    """
    return _run(callers, _verify, password_hash, password)


def _run(callers: tuple[str, ...], function: Callable[..., R], *args: object) -> R:
    with hashing_turn(*callers):
        return run_blocking(function, *args)


def _verify(password_hash: str | None, password: str) -> bool:
    try:
        return hasher.verify(password_hash or _dummy_hash(), password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _dummy_hash() -> str:
    return hasher.hash("")
