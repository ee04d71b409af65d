"""Settings from the environment, checked before anything starts.

`load()` is the only reader of the environment. What it refuses, it refuses by the
name of the variable, so that the message says what to change.
"""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from click import ClickException
from dotenv import load_dotenv
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import URL, QueuePool, make_url
from webargs.fields import DelimitedList

INSTANCE = Path(__file__).parent / "instance"
# What gunicorn needs to know.
SERVING = (
    "ENVIRONMENT",
    "HOST",
    "PORT",
    "WEB_CONCURRENCY",
    "SHUTDOWN_SECONDS",
    "ASYNC_MODE",
)
MINIMUM_SECRET = 32  # bytes: RFC 7518, section 3.2, for HS256


class ConfigError(ClickException):
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


def read_dotenv() -> None:
    """Take what the environment lacks from `.env`."""
    load_dotenv(Path(__file__).with_name(".env"))


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
    build = _sqlite if url.drivername == "sqlite" else _postgresql
    return {"SQLALCHEMY_DATABASE_URI": url, **build(url, settings)}


def _sqlite(url: URL, _: Mapping[str, Any]) -> dict[str, Any]:
    if url.database in (None, "", ":memory:"):
        raise ConfigError("DATABASE_URL: a file is needed, SQLite in memory is not enough")
    options = {"hide_parameters": True, "poolclass": QueuePool, "max_overflow": 0}
    # One writer: green threads that wait for SQLite's lock would freeze its holder.
    # IMMEDIATE: a writer takes the lock first, so what it then reads is current.
    write = {"isolation_level": "IMMEDIATE", "timeout": 10}
    return {
        "SQLALCHEMY_ENGINE_OPTIONS": {**options, "pool_size": 1, "connect_args": write},
        "SQLALCHEMY_BINDS": {"reading": {**options, "url": url, "pool_size": 4}},
    }


def _postgresql(_: URL, settings: Mapping[str, Any]) -> dict[str, Any]:
    options = {
        "hide_parameters": True,
        "pool_size": settings["DB_POOL_SIZE"],
        "max_overflow": 0,
        "pool_timeout": 10,
        "pool_pre_ping": True,
        "connect_args": {"connect_timeout": 5, "options": "-c timezone=utc"},
    }
    return {"SQLALCHEMY_ENGINE_OPTIONS": options}


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


def check() -> dict[str, Any]:
    """Return what gunicorn needs to know, or end with what is wrong in one line."""
    read_dotenv()
    try:
        settings = load()
    except ConfigError as error:
        sys.exit(str(error))
    return {name: settings[name] for name in SERVING}


if __name__ == "__main__":
    print(json.dumps(check()))
