"""A log in memory and a hub that follows it, without Flask."""

from contextlib import ExitStack

from sqlalchemy import StaticPool, create_engine, delete, insert, update

from taskmaster.accounts.models import sessions
from taskmaster.core import clock
from taskmaster.core.auth import Principal
from taskmaster.core.database import Databases
from taskmaster.core.lines import Lines
from taskmaster.events.log import Entry, events, heads
from taskmaster.streams.hub import Hub
from taskmaster.streams.subscription import Subscription
from taskmaster.streams.takeover import Connection

USER = "018f0000-0000-7000-8000-000000000001"
PRINCIPAL = Principal(USER, "session", 2**40)


class Log:
    """A log in memory, and a hub that follows it."""

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool,
                                    connect_args={"check_same_thread": False})  # fmt: skip
        for table in (heads, events, sessions):
            table.create(self.engine)
        with self.engine.begin() as connection:
            connection.execute(insert(heads), {"user_id": USER, "seq": 0, "task_count": 0})
            now = clock.now()
            times = {"created_at": now, "rotated_at": now, "expires_at": now}
            connection.execute(insert(sessions), {"id": "session", "user_id": USER, **times})
        line = Lines(1, 1)
        engines = Databases(self.engine, self.engine, self.engine, line, line)
        self.hub = Hub(engines, None)
        self.seq = 0
        self.open = ExitStack()

    def commit(self, count: int = 1, size: int = 0) -> list[Entry]:
        """Commit events without telling the hub; return what a notification would carry."""
        entries = [self._entry(self.seq + n, size) for n in range(1, count + 1)]
        self.seq += count
        now = clock.now()
        with self.engine.begin() as connection:
            connection.execute(update(heads).values(seq=self.seq))
            connection.execute(
                insert(events),
                [{"user_id": USER, "seq": e.seq, "action": e.action, "task_id": USER,
                  "occurred_at": now, "payload": e.payload} for e in entries],
            )  # fmt: skip
        return entries

    def end_session(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(sessions))

    def prune(self, seq: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(events).where(events.c.seq <= seq))

    def subscribe(
        self, since: int | None = None, connection: Connection | None = None
    ) -> Subscription:
        opening = self.hub.subscribe(PRINCIPAL, since, connection or Connection())
        return self.open.enter_context(opening)

    @staticmethod
    def _entry(seq: int, size: int) -> Entry:
        return Entry(seq, "task_create", f'{{"seq":{seq}}}'.ljust(size))
