"""Passwords, by argon2id with the parameters of OWASP's Password Storage Cheat Sheet.

Hashing takes tens of milliseconds of CPU: it runs off the event loop, and callers hold no
database connection meanwhile.
"""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..core.concurrency import run_blocking

hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # memory in KiB


def hash_password(password: str) -> str:
    """Return the password's hash, with its salt and parameters in it."""
    return run_blocking(hasher.hash, password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right; take the same time where there is no hash."""
    return run_blocking(_verify, password_hash or _dummy_hash(), password) and bool(password_hash)


def needs_rehash(password_hash: str) -> bool:
    """Tell whether the hash was made with other parameters than today's."""
    return hasher.check_needs_rehash(password_hash)


def _verify(password_hash: str, password: str) -> bool:
    try:
        return hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _dummy_hash() -> str:
    return hasher.hash("")
