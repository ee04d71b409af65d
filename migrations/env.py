"""How Alembic reaches the application's database: through the application itself."""

from typing import Any

import structlog
from alembic import context
from click import ClickException
from flask import current_app
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import OperationalError

from taskmaster.core.columns import Id, UTCDateTime
from taskmaster.core.commands import in_one_line
from taskmaster.core.database import DATABASES

log = structlog.get_logger("migrations")

LOCK = 0x7461736B  # PostgreSQL's advisory lock of a migration; the number is arbitrary
WAIT = "SET LOCAL lock_timeout = '60s'"  # for the migration that holds the lock
LOCK_NOT_AVAILABLE = "55P03"  # the SQLSTATE when that time is over
# While we wait for a table's lock, later statements wait behind us: so fail soon, and be retried.
PATIENCE = "SET LOCAL lock_timeout = '3s'"


def _skip_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no migration where the models have not changed."""
    autogenerate = getattr(context.config.cmd_opts, "autogenerate", False)
    if autogenerate and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def _render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Write our types as plain ones: migrations do not import the application."""
    if item is Id:
        return 'sa.Uuid(as_uuid=False).with_variant(sa.String(36), "sqlite")'
    return "sa.DateTime(timezone=True)" if isinstance(item, UTCDateTime) else False


def _wait_in_line(connection: Connection) -> None:
    """Take the lock. Raise ClickException where somebody else holds it for too long."""
    if connection.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return
    log.warning("migration_waits")
    connection.exec_driver_sql(WAIT)
    try:
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise ClickException("Another migration has not ended within a minute.") from None


db = current_app.extensions["migrate"].db
with in_one_line(migrating=True), DATABASES.get().long.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=_render_item,
        process_revision_directives=_skip_empty,
        transactional_ddl=True,  # all of an upgrade or nothing, on SQLite too
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        # Several processes or machines may start at once. On SQLite, Python begins no transaction.
        if connection.dialect.name == "postgresql":
            if connection.scalar(text("SHOW server_encoding")) != "UTF8":
                raise ClickException("The database is not in UTF-8.")
            _wait_in_line(connection)
            connection.exec_driver_sql(PATIENCE)
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        context.run_migrations()
    connection.commit()
