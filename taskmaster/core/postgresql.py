"""PostgreSQL: how long a server may take, whether it is busy, waits for a lock or stands still.

The server's own timeouts are set by a statement on each new connection: poolers between us and
the server refuse them among the parameters of a start-up. They end a statement and keep the
connection. A server that stands still cannot end anything, so the client waits a little longer
and then closes the connection.
"""

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import ConnectionPoolEntry

# A connection to a read-only server is used once. If it were kept, it would still be read-only when
# the server takes writes again, and still lead to the standby when the name leads to the primary.
READ_ONLY = "read_only"
GRACE = 1.0  # seconds that the client waits longer than the server
# Only those that the server knows: the last one is of PostgreSQL 17.
NO_TIMEOUTS = """
SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN (
    'statement_timeout', 'lock_timeout',
    'idle_in_transaction_session_timeout', 'transaction_timeout'
)
"""


class PatientConnection(psycopg.Connection[Any]):
    """A connection that is closed where the server has not answered in `patience` seconds."""

    patience: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer. Raise OperationalError where there is none."""
        try:
            return super().wait(gen, interval, timeout or self.patience)
        except psycopg.OperationalError:
            if self.info.transaction_status == TransactionStatus.ACTIVE:
                self.close()  # an answer that comes now would be taken for another statement's
            raise


def prepare(engine: Engine, seconds: float | None) -> None:
    """Bound what a statement of this engine may take; None for work that may take long."""
    # Many rows as one INSERT: psycopg's own way takes several times as long.
    engine.dialect.use_insertmanyvalues_wo_returning = True
    engine.dialect.do_ping = _is_open  # type: ignore[assignment, method-assign]
    # Whatever is set for the database or the role. What is read after a lock is current only so.
    settings = "SET timezone = 'UTC'; SET default_transaction_isolation = 'read committed'"
    settings += "; SET datestyle = 'ISO'"  # psycopg reads no other
    if seconds:
        milliseconds = round(seconds * 1000)
        settings += f"; SET statement_timeout = {milliseconds}"
        settings += f"; SET lock_timeout = {milliseconds * 4 // 5}"
        settings += f"; SET idle_in_transaction_session_timeout = {milliseconds * 2}"

    def connect(_dialect: Any, _record: Any, args: Any, parameters: Any) -> PatientConnection:
        connection = PatientConnection.connect(*args, **parameters)
        connection.patience = seconds and seconds + GRACE
        # It sends $1 as it is. To search for psycopg's placeholders took a third of a bulk.
        connection.cursor_factory = psycopg.RawCursor
        return connection

    def begin(connection: PatientConnection, record: ConnectionPoolEntry) -> None:
        last = connection.execute(f"{settings}; SHOW transaction_read_only").set_result(-1)
        record.info[READ_ONLY] = last.fetchone() == ("on",)
        connection.commit()

    def leave(_: Any, record: ConnectionPoolEntry) -> None:
        if record.info.get(READ_ONLY):
            record.invalidate()

    event.listen(engine, "handle_error", _look)
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "connect", begin)
    event.listen(engine, "checkin", leave)
    if not seconds:  # whatever is set for the role, and through a pooler too
        event.listen(engine, "begin", lambda begun: begun.exec_driver_sql(NO_TIMEOUTS))


def _look(context: ExceptionContext) -> None:
    """Use no connection of the pool again where an open one would refuse a statement for ever."""
    diagnosis = getattr(context.original_exception, "diag", None)
    # A column has another type since the statement was prepared: 0A000 alone says too little.
    if diagnosis and diagnosis.source_function == "RevalidateCachedQuery":
        context.is_disconnect = True


def _is_open(connection: Any) -> bool:
    """Look whether the server has closed a connection of the pool, without asking the server.

    Raise OperationalError if it has. SQLAlchemy's own way is a round trip before each use.
    """
    for _ in range(2):  # the first may read no more than the server's last message
        connection.pgconn.consume_input()
    return True
