"""What SQLAlchemy's engines are made with: pools, time-outs, and what the drivers are told."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, QueuePool

from ..extensions import ASIDE, LONG, READING

FEW = {"pool_size": 2, "pool_timeout": 1}  # for health checks and the sweep
# libpq's: a peer that is gone is noticed (postgresql.py notices one that stands still).
CONNECT = {
    "connect_timeout": 3,  # seconds
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
    "client_encoding": "utf8",  # whatever is set for the database, the role or this machine
}


def options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return Flask-SQLAlchemy's settings for the database that is configured."""
    url: URL = config["SQLALCHEMY_DATABASE_URI"]
    shared = {
        "hide_parameters": True,
        "max_overflow": 0,
        "pool_timeout": config["DB_TIMEOUT_SECONDS"],
    }
    return _sqlite(url, shared) if url.drivername == "sqlite" else _postgresql(url, shared, config)


def _sqlite(url: URL, shared: dict[str, Any]) -> dict[str, Any]:
    # sqlite.py waits for locks, and lets others run meanwhile.
    shared |= {"poolclass": QueuePool, "connect_args": {"timeout": 0}}
    # One writer: green threads that wait for SQLite's lock would freeze its holder.
    # IMMEDIATE: a writer takes the lock first, so what it then reads is current.
    write = {"pool_size": 1, "connect_args": {"timeout": 0, "isolation_level": "IMMEDIATE"}}
    return {
        "SQLALCHEMY_ENGINE_OPTIONS": shared | write,
        "SQLALCHEMY_BINDS": {
            READING: {**shared, "url": url, "pool_size": 8},
            ASIDE: {**shared, "url": url, **FEW},
        },
    }


def _postgresql(url: URL, shared: dict[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    driver = {"connect_args": CONNECT, "paramstyle": "numeric_dollar"}  # see postgresql.py
    shared |= {"pool_pre_ping": True, **driver}
    pool = {**shared, "pool_size": config["DB_POOL_SIZE"]}
    # Set once for each connection: to set it at each use took a quarter of a short read.
    read = {"url": url, "isolation_level": "AUTOCOMMIT"}
    # One is kept: the parts of long work follow one another.
    long = {**shared, "url": url, "pool_size": 1, "max_overflow": -1}
    return {
        "SQLALCHEMY_ENGINE_OPTIONS": pool,
        "SQLALCHEMY_BINDS": {READING: pool | read, ASIDE: shared | read | FEW, LONG: long},
    }
