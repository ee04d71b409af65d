"""Settings from the environment, checked before anything starts.

`load()` alone reads settings there; it names all that it refuses in one message.
"""

import contextlib
import json
import os
import re
import secrets
import sys
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from click import ClickException
from dotenv import dotenv_values, load_dotenv
from limits import parse_many
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate, validates_schema

from addresses import check_host, check_redis, database_url, fault_of_database

INSTANCE = Path(__file__).parent / "instance"
DOTENV = Path(__file__).with_name(".env")
SERVING = ("ENVIRONMENT", "HOST", "PORT", "WEB_CONCURRENCY", "SHUTDOWN_SECONDS", "ASYNC_MODE",
           "MIGRATE_ON_START", "LOG_FORMAT")  # fmt: skip
FROM_FILES = ("SECRET_KEY", "DB_PASSWORD", "DATABASE_URL")  # or by NAME_FILE
MINIMUM_SECRET = 32  # characters; RFC 7518, section 3.2, asks for 32 bytes
LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
HOST_NAME = r"\.?([a-z\d-]{1,63}\.)*[a-z\d-]{1,63}(:\d+)?|\[[\da-f:.]+\](:\d+)?"
ORIGIN = r"[a-z][a-z\d+.-]*://([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?"


class ConfigError(ClickException):
    """Say which variables of the environment cannot be used, and why."""


def _list(form: str, refusal: str) -> fields.Function:
    """Return a field of values between commas, each of a form; blanks around them do not count."""

    def split(value: str) -> list[str]:
        words = [word for part in value.split(",") if (word := part.strip())]
        if wrong := [word for word in words if not re.fullmatch(form, word, re.I | re.A)]:
            raise ValidationError(refusal.format(", ".join(wrong)))  # no {} where it is a secret
        return words

    return fields.Function(deserialize=split, load_default=list)


def _read_file(path: str) -> str:
    """Return what stands in the file of a secret, without the line break at its end."""
    try:
        text = Path(path).read_text().rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise ValidationError(f"{path} cannot be read ({type(error).__name__})") from None
    if not text:
        raise ValidationError(f"{path} is empty")
    if "\0" in text:
        raise ValidationError(f"{path} has a NUL in it")
    return text


def _integer(default: int, low: int, high: int = 2**31) -> fields.Integer:
    return fields.Integer(load_default=default, validate=validate.Range(low, high))


class Limit(fields.Field[Any]):
    """Limits as `limits` writes them: `10 per minute`, or `10 per minute; 100 per day`."""

    def __init__(self, default: str) -> None:
        super().__init__(load_default=parse_many(default))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        try:
            found = parse_many(value)
        except ValueError:
            raise ValidationError("Not a limit, such as: 10 per minute; 100 per day") from None
        if not all(limit.amount and limit.get_expiry() for limit in found):
            raise ValidationError("A limit allows one at least.")
        return found


def _choice(default: str | None, *choices: str) -> fields.String:
    one_of = validate.OneOf(choices, error="{input} is none of: {choices}")
    return fields.String(load_default=default, validate=one_of)


class SettingsSchema(Schema):
    """The variables that the application reads; README.md explains each."""

    ENVIRONMENT = _choice("development", "development", "production", "testing")
    SECRET_KEY = fields.String(load_default="")
    SECRET_KEY_FILE = fields.Function(deserialize=_read_file)
    SECRET_KEY_FALLBACKS = _list(".+", "keys are needed on one line, with commas between them")
    DATABASE_URL = fields.String(load_default=None)
    DATABASE_URL_FILE = fields.Function(deserialize=_read_file)
    DB_USER = fields.String(load_default=None)
    DB_PASSWORD = fields.String(load_default=None)
    DB_PASSWORD_FILE = fields.Function(deserialize=_read_file)
    DB_NAME = fields.String(load_default=None)
    DB_HOST = fields.String(load_default="127.0.0.1")
    DB_PORT = _integer(5432, 1, 65535)
    DB_POOL_SIZE = _integer(10, 1)
    DB_TIMEOUT_SECONDS = _integer(5, 1, 3600)
    USER_WRITES_WAITING = _integer(20, 0)
    MIGRATE_ON_START = fields.Boolean(load_default=False)
    REDIS_URL = fields.String(load_default=None, validate=check_redis)
    HOST = fields.String(load_default="127.0.0.1", validate=check_host)
    PORT = _integer(8000, 0, 65535)
    WEB_CONCURRENCY = _integer(1, 1, 256)
    SHUTDOWN_SECONDS = _integer(4, 1, 600)
    ASYNC_MODE = _choice("eventlet", "eventlet", "gevent", "threading")
    TRUSTED_HOSTS = _list(HOST_NAME, "host names are needed, not {}")
    TRUSTED_PROXIES = _integer(0, 0, 10)
    CORS_ORIGINS = _list(ORIGIN + r"|\*", "scheme://host or scheme://host:port is needed, not {}")
    RATELIMIT_ENABLED = fields.Boolean(load_default=True)
    RATELIMIT_FLOOD = Limit("3000 per minute")
    RATELIMIT_LOGIN = Limit("10 per minute; 100 per hour")
    RATELIMIT_LOGIN_ADDRESS = Limit("60 per minute; 600 per hour")
    RATELIMIT_REGISTER = Limit("30 per hour")
    RATELIMIT_PROFILE = Limit("30 per hour")
    RATELIMIT_REFRESH = Limit("60 per minute")
    HASHING_QUEUE = _integer(16, 0, 10_000)
    REGISTRATION = _choice("open", "open", "closed")
    TASKS_PER_USER = _integer(100_000, 1)
    SESSIONS_PER_USER = _integer(100, 1)
    IDEMPOTENCY_BYTES_PER_USER = _integer(256 * 1024**2, 1)
    ACCESS_TOKEN_SECONDS = _integer(7 * 24 * 3600, 1)
    REFRESH_TOKEN_SECONDS = _integer(14 * 24 * 3600, 1)
    EVENTS_KEEP_DAYS = _integer(30, 1, 36500)
    EVENTS_KEEP_COUNT = _integer(10_000, 1)
    LOG_LEVEL = _choice("INFO", "DEBUG", "INFO", "WARNING", "ERROR")
    LOG_FORMAT = _choice(None, "json", "console")

    @validates_schema(skip_on_field_errors=False)
    def _check_together(self, data: dict[str, Any], **_: Any) -> None:
        if faults := _find_faults(_with_files(dict.fromkeys(self.fields) | data)):
            raise ValidationError({name: [reason] for name, reason in faults.items()})


def _with_files(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with what comes from files in its place."""
    return {**settings, **{n: text for n in FROM_FILES if (text := settings.get(f"{n}_FILE"))}}


def _find_faults(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what does not go together, by variable. None stands for what is refused already."""
    production, origins = settings["ENVIRONMENT"] == "production", settings["CORS_ORIGINS"] or []
    older_keys = settings["SECRET_KEY_FALLBACKS"] or []
    faults = {"DATABASE_URL": fault_of_database(settings)}
    if production and len(settings["SECRET_KEY"]) < MINIMUM_SECRET:
        faults |= {"SECRET_KEY": "production needs one of its own, 32 characters at least"}
    if production and any(len(key) < MINIMUM_SECRET for key in older_keys):
        faults |= {"SECRET_KEY_FALLBACKS": "production needs 32 characters at least in each"}
    if production and settings["TRUSTED_HOSTS"] == []:
        faults |= {"TRUSTED_HOSTS": "production needs the names it is reached by"}
    if settings["DB_USER"] and not (settings["DATABASE_URL"] or settings["DB_NAME"]):
        faults |= {"DB_NAME": "is needed beside DB_USER"}
    if "*" in origins and (production or len(origins) > 1):
        faults |= {"CORS_ORIGINS": "* stands alone, and is refused in production"}
    return {name: fault for name, fault in faults.items() if fault}


def read_dotenv() -> None:
    """Take what the environment lacks from `.env`."""
    load_dotenv(DOTENV)


def load(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return the application's configuration. Raise ConfigError, which names the variables."""
    given = {name: value for name, value in environ.items() if value != ""}
    if given.get("ENVIRONMENT") != "production" and "SECRET_KEY" not in given:
        given.setdefault("SECRET_KEY_FILE", _own_secret(INSTANCE / "secret_key"))
    try:
        settings = _with_files(SettingsSchema(unknown=EXCLUDE).load(given))
    except ValidationError as error:
        reasons = [f"{n}: {' '.join(said)}" for n, said in error.normalized_messages().items()]
        raise ConfigError("; ".join(reasons)) from None
    return settings | _flask(settings)


def _own_secret(path: Path) -> str:
    """Return the path to a secret that is made on the first start, for the owner's eyes only."""
    with contextlib.suppress(OSError):  # reading it will say so
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            descriptor, whole = tempfile.mkstemp(dir=path.parent)  # of mode 600
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):  # another process was first
                os.link(whole, path)
            Path(whole).unlink()
    return str(path)


def _flask(settings: Mapping[str, Any]) -> dict[str, Any]:
    readable = settings["ENVIRONMENT"] == "development"
    return {
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "SQLALCHEMY_DATABASE_URI": database_url(settings),  # core/engines.py adds the options
        "JWT_SECRET_KEY": settings["SECRET_KEY"],
        "JWT_COOKIE_CSRF_PROTECT": False,  # no cookies; its random claim would make tokens differ
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(seconds=settings["ACCESS_TOKEN_SECONDS"]),
        "JWT_REFRESH_TOKEN_EXPIRES": timedelta(seconds=settings["REFRESH_TOKEN_SECONDS"]),
        "TESTING": settings["ENVIRONMENT"] == "testing",
        "JWT_DECODE_LEEWAY": 10,  # seconds by which another machine's clock may be ahead
        "LOG_FORMAT": settings["LOG_FORMAT"] or ("console" if readable else "json"),
        "ALLOWED_HOSTS": settings["TRUSTED_HOSTS"] or LOOPBACK,
        "TRUSTED_HOSTS": None,  # Flask's own check would refuse the health calls too
    }


def check(with_environ: bool = False) -> dict[str, Any]:
    """Return what gunicorn needs to know, or end with what is wrong in one line.

    `with_environ` adds what was read from files. There are secrets in it.
    """
    read_dotenv()
    try:
        settings = load()
    except ConfigError as error:
        sys.exit(str(error))
    url, redis = settings["SQLALCHEMY_DATABASE_URI"], bool(settings["REDIS_URL"])
    database = sha256(url.render_as_string(hide_password=False).encode()).hexdigest()
    facts = {"HAS_REDIS": redis, "DATABASE_HOST": url.host, "DATABASE": database}
    if with_environ:
        facts["ENVIRON"] = _read_from_files(settings)
    return {name: settings[name] for name in SERVING} | facts


def _read_from_files(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that came from `.env` and from the files of `*_FILE`."""
    found = {name: os.environ[name] for name in dotenv_values(DOTENV) if name in os.environ}
    for name in FROM_FILES:
        if settings.get(f"{name}_FILE"):
            found |= {name: settings[name], f"{name}_FILE": ""}
    return found


if __name__ == "__main__":
    print(json.dumps(check(with_environ="--environ" in sys.argv)))
