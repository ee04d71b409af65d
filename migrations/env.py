"""How Alembic reaches the application's database: through the application itself."""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import func, select

from taskmaster.core.columns import Id, UTCDateTime
from taskmaster.core.database import DATABASES

LOCK = 0x7461736B  # of PostgreSQL, any number: who migrates holds it
# Whatever asks for a table after us waits behind us: better to end, and be tried again.
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


db = current_app.extensions["migrate"].db
with DATABASES.get().long.connect() as connection:
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
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
            connection.exec_driver_sql(PATIENCE)
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        context.run_migrations()
    connection.commit()
