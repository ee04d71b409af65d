"""Addresses in the settings: what a driver could not use is found before anything starts.

It stands beside config.py, which gunicorn's parent runs without the application: a module of
taskmaster/ would import all of it. No refusal repeats an address, or a library's words about it:
there may be a password in them.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import URL, make_url

REDIS = r"(rediss?://([^/\s]*@)?([^\s/:@]+|\[[^\s@]+\])(:\d{1,5})?(/\d*)?(\?.*)?|unix://.+)\Z"
NAME = r"([a-z\d_-]{1,63}\.)*(?!\d+\.?\Z)[a-z\d_-]{1,63}\.?"  # what ends in a number is an address


def check_host(host: str) -> None:
    """Raise ValidationError for what is neither an IP address nor a host name."""
    if re.fullmatch(NAME, host, re.I | re.A):
        return
    try:
        ip_address(host)
    except ValueError:
        raise ValidationError("a host name or an IP address is needed") from None


def check_redis(url: str) -> None:
    """Raise ValidationError for what Redis's client would not take."""
    if not re.match(REDIS, url):
        raise ValidationError("redis://host:port/0 is needed (or rediss, unix)")
    import redis  # 6 MiB, only where it is used

    try:
        redis.ConnectionPool.from_url(url).make_connection()  # it does not connect yet
    except Exception:
        raise ValidationError("Redis's client knows no such port or option") from None


def database_url(settings: Mapping[str, Any]) -> URL:
    """Return the URL of the database, as SQLAlchemy wants it. Raise what SQLAlchemy raises."""
    if not settings["DATABASE_URL"] and settings["DB_NAME"]:
        parts = (settings[f"DB_{part}"] for part in ("USER", "PASSWORD", "HOST", "PORT", "NAME"))
        return URL.create("postgresql+psycopg", *parts)
    url = make_url(settings["DATABASE_URL"] or "sqlite:///taskmaster.db")
    short = url.drivername in ("postgres", "postgresql")
    return url.set(drivername="postgresql+psycopg") if short else url


def fault_of_database(settings: Mapping[str, Any]) -> str:
    """Return why there can be no such database; nothing if there can."""
    try:
        url = database_url(settings)
    except Exception:
        return "not a database URL"
    faults = {"sqlite": _fault_of_sqlite, "postgresql+psycopg": _fault_of_postgresql}
    find = faults.get(url.drivername)
    return find(url) if find else "sqlite:// or postgresql:// is needed"


def _fault_of_sqlite(url: URL) -> str:
    if url.database in (None, "", ":memory:"):
        return "a file is needed, SQLite in memory is not enough"
    is_file = not str(url.database).startswith("file:")
    plain = URL.create("sqlite", database=url.database)
    return "" if is_file and url == plain else "sqlite:///file.db is needed, with nothing after it"


def _fault_of_postgresql(url: URL) -> str:
    if (url.port or 0) > 65535:
        return "the port is 65535 at most"
    if not url.query:
        return ""
    from psycopg import ProgrammingError
    from psycopg.conninfo import make_conninfo

    try:
        make_conninfo(**dict.fromkeys(url.query, "1"))
    except ProgrammingError:
        return "PostgreSQL knows no such option"
    return ""
