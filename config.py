"""Settings from the environment, checked before anything starts.

`load()` is the only reader of the environment. What it refuses, it refuses by the
name of the variable, so that the message says what to change.
"""

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import URL, QueuePool, make_url
from webargs.fields import DelimitedList

INSTANCE = Path(__file__).parent / "instance"
MINIMUM_SECRET = 32  # bytes: RFC 7518, section 3.2, for HS256


class ConfigError(Exception):
    """Say which variable of the environment cannot be used, and why."""


def _integer(default: int, low: int, high: int = 2**31) -> fields.Integer:
    return fields.Integer(load_default=default, validate=validate.Range(low, high))


class SettingsSchema(Schema):
    """The variables that the application reads; README.md explains each."""

    class Meta:
        unknown = EXCLUDE

    ENVIRONMENT = fields.String(
        load_default="development",
        validate=validate.OneOf(["development", "production", "testing"]),
    )
    SECRET_KEY = fields.String(load_default="")
    SECRET_KEY_FALLBACKS = DelimitedList(fields.String(), load_default=list)
    DATABASE_URL = fields.String(load_default=None)
    DB_USER = fields.String(load_default=None)
    DB_PASSWORD = fields.String(load_default=None)
    DB_NAME = fields.String(load_default=None)
    DB_HOST = fields.String(load_default="127.0.0.1")
    DB_PORT = _integer(5432, 1, 65535)
    DB_POOL_SIZE = _integer(10, 1)
    REDIS_URL = fields.String(load_default=None)
    HOST = fields.String(load_default="127.0.0.1")
    PORT = _integer(8000, 0, 65535)
    WEB_CONCURRENCY = _integer(1, 1, 256)
    SHUTDOWN_SECONDS = _integer(4, 1, 600)
    ASYNC_MODE = fields.String(
        load_default="eventlet", validate=validate.OneOf(["eventlet", "gevent", "threading"])
    )
    TRUSTED_HOSTS = DelimitedList(fields.String(), load_default=list)
    TRUSTED_PROXIES = _integer(0, 0, 10)
    CORS_ORIGINS = DelimitedList(fields.String(), load_default=list)
    RATELIMIT_ENABLED = fields.Boolean(load_default=True)
    ACCESS_TOKEN_SECONDS = _integer(7 * 24 * 3600, 1)
    REFRESH_TOKEN_SECONDS = _integer(14 * 24 * 3600, 1)
    EVENTS_KEEP_DAYS = _integer(30, 1, 36500)
    EVENTS_KEEP_COUNT = _integer(10_000, 1)
    LOG_LEVEL = fields.String(
        load_default="INFO", validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
    )


def load(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the application's configuration. Raise ConfigError, which names the variable."""
    given = {name: value for name, value in environ.items() if value != ""}
    try:
        settings: dict[str, Any] = SettingsSchema().load(given)
    except ValidationError as error:
        raise ConfigError(_explain(error.normalized_messages())) from None
    if settings["ENVIRONMENT"] == "production":
        _refuse_weak(settings)
    settings["SECRET_KEY"] = settings["SECRET_KEY"] or _own_secret(INSTANCE / "secret_key")
    return settings | _database(settings) | _flask(settings)


def _explain(messages: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {reasons}" for name, reasons in messages.items())


def _refuse_weak(settings: Mapping[str, Any]) -> None:
    if len(settings["SECRET_KEY"]) < MINIMUM_SECRET:
        raise ConfigError("SECRET_KEY: production needs one of its own, 32 characters at least")
    if not settings["TRUSTED_HOSTS"]:
        raise ConfigError("TRUSTED_HOSTS: production needs the names it is reached by")
    if "*" in settings["CORS_ORIGINS"]:
        raise ConfigError("CORS_ORIGINS: production names its origins, * is refused")


def _own_secret(path: Path) -> str:
    """Make a secret on the first start and keep it, for the owner's eyes only."""
    path.parent.mkdir(exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(secret := secrets.token_urlsafe(48))
    return secret


def _database_url(settings: Mapping[str, Any]) -> URL:
    if not settings["DATABASE_URL"] and settings["DB_NAME"]:
        return URL.create(
            "postgresql+psycopg",
            *(settings[f"DB_{part}"] for part in ("USER", "PASSWORD", "HOST", "PORT", "NAME")),
        )
    try:
        url = make_url(settings["DATABASE_URL"] or "sqlite:///taskmaster.db")
    except Exception:  # the library's message would repeat the password
        raise ConfigError("DATABASE_URL: not a database URL") from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise ConfigError("DATABASE_URL: sqlite:// or postgresql:// is needed")
    return url


def _database(settings: Mapping[str, Any]) -> dict[str, Any]:
    url = _database_url(settings)
    options: dict[str, Any] = {"hide_parameters": True}
    if url.drivername == "sqlite":
        # One connection: green threads that wait for SQLite's lock would freeze its holder.
        # IMMEDIATE: a writer takes the lock first, so what it then reads is current.
        options |= {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 0}
        options["connect_args"] = {"isolation_level": "IMMEDIATE", "timeout": 10}
    else:
        options |= {"pool_size": settings["DB_POOL_SIZE"], "pool_pre_ping": True}
        options |= {"pool_timeout": 10, "max_overflow": 0}
        # Reading a whole table takes longer the more tasks others have; an index does not.
        session = "-c timezone=utc -c enable_seqscan=off"
        options["connect_args"] = {"connect_timeout": 5, "options": session}
    return {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_ENGINE_OPTIONS": options}


def _flask(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "JWT_SECRET_KEY": settings["SECRET_KEY"],
        "JWT_COOKIE_CSRF_PROTECT": False,  # no cookies; equal claims give equal tokens
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(seconds=settings["ACCESS_TOKEN_SECONDS"]),
        "JWT_REFRESH_TOKEN_EXPIRES": timedelta(seconds=settings["REFRESH_TOKEN_SECONDS"]),
        "TESTING": settings["ENVIRONMENT"] == "testing",
        "ALLOWED_HOSTS": settings["TRUSTED_HOSTS"] or ["localhost", "127.0.0.1", "[::1]"],
        "TRUSTED_HOSTS": None,  # Flask's own check would refuse the health calls too
    }
