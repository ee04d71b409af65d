"""The extensions that all packages share, unbound: create_app() binds them."""

from pathlib import Path
from typing import Any

from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import Connection, Engine, MetaData, TextClause, UpdateBase, event
from sqlalchemy.orm import DeclarativeBase

MIGRATIONS = Path(__file__).parent.parent / "migrations"  # wherever the process was started

# The binds beside the default one: core/database.py.
READING = "reading"  # connections that only read
ASIDE = "aside"  # health checks and the sweep
LONG = "long"  # PostgreSQL's connections without time-outs


class Base(DeclarativeBase):
    """The typed base of all models. Named constraints, so that migrations can alter them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class RoutingSession(Session):
    """`db.session`: on SQLite it uses a read-only connection until its first write.

    A `text()` statement may be a write, so it uses the connection that can write.
    """

    def get_bind(
        self, mapper: Any = None, clause: Any = None, bind: Any = None, **options: Any
    ) -> Engine | Connection:
        """Return the engine for a statement."""
        if self._flushing or isinstance(clause, UpdateBase | TextClause):
            self.info["writes"] = True
        reading = self._db.engines[READING]
        if bind is None and reading.dialect.name == "sqlite" and "writes" not in self.info:
            return reading
        return super().get_bind(mapper, clause, bind, **options)


@event.listens_for(RoutingSession, "after_transaction_end")
def _read_again(session: RoutingSession, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop("writes", None)


db = SQLAlchemy(model_class=Base, session_options={"class_": RoutingSession})
migrate = Migrate(db=db, directory=str(MIGRATIONS), render_as_batch=True, compare_type=True)
jwt = JWTManager()
