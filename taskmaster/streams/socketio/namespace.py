"""The Socket.IO namespace: lets clients in by their token, and delivers to them.

Each client reads the log by itself until it has come as far as its user's room.
"""

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

import orjson
import socketio
import structlog
from flask import request
from flask_socketio import ConnectionRefusedError, Namespace
from sqlalchemy.exc import SQLAlchemyError

from ...core.errors import ErrorCode, problem
from ...events.user_log import UserLog
from ..handshake import HUB, identify, position, problem_of, renew
from ..protocol import NOT_UNDERSTOOD, Message
from ..reader import LogReader
from ..subscription import Subscription
from .adapter import NAMESPACE, EngineSocket, engine_of

log = structlog.get_logger(__name__)

UNKNOWN_EVENT = "unknown_event"  # stands for the name of every event that is not known here


class Room(LogReader):
    """Emits a user's live events once, to the Socket.IO room named by the user's id.

    Its members have it as their reader: whoever looks first delivers to all. The lock keeps it
    still while a client enters, so nobody misses an event or gets one twice.
    """

    def __init__(self, log: UserLog, cursor: int, emit: Callable[[Message], None]) -> None:
        super().__init__(log)
        self.cursor, self.ready = cursor, True
        self.lock = threading.RLock()
        self._emit = emit

    def next_batch(self) -> list[Message]:
        """Emit what comes next; return nothing. Raise SQLAlchemyError."""
        with self.lock:
            while batch := super().next_batch():
                for message in batch:
                    self._emit(message)
        return []


@dataclass
class Member:
    """One client in the namespace, with its stream and what its end has to undo."""

    sid: str
    engine: EngineSocket
    subscription: Subscription
    cleanup: ExitStack


def _locked(change: Callable[..., Any]) -> Callable[..., Any]:
    def locked(self: "LockedManager", *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            return change(self, *args, **kwargs)

    return locked


class LockedManager(socketio.Manager):
    """python-socketio's rooms with a lock, because it checks and then changes them."""

    lock = threading.RLock()
    basic_enter_room = _locked(socketio.Manager.basic_enter_room)
    basic_disconnect = _locked(socketio.Manager.basic_disconnect)
    pre_disconnect = _locked(socketio.Manager.pre_disconnect)

    def pre_connect(self, eio_sid: str, namespace: str) -> str:
        """Begin to let a connection in. Raise ValueError where it is in already."""
        with self.lock:
            sid: str | None = super().pre_connect(eio_sid, namespace)
        if sid is None:  # python-socketio would answer like a refusal, and the client leave
            raise ValueError("joined already")
        return sid

    def connect(self, sid: str, namespace: str) -> Any:
        """Let a client in whose CONNECT packet is sent: from here on it may be sent events."""
        with self.lock:
            found = super().connect(sid, namespace)
        if not self.server.namespace_handlers[namespace].connected(sid):
            self.disconnect(found, namespace)  # python-socketio does it for connected ones only
        return found


class OtherNamespaces(socketio.Namespace):
    """Refuses every namespace that does not exist; Flask-SocketIO's class serves one name only."""

    def on_connect(self, *_: Any) -> None:
        """Refuse, and name the namespace that does exist."""
        detail = f"This namespace does not exist; connect to `{NAMESPACE}`."
        raise ConnectionRefusedError(detail, problem(ErrorCode.NOT_FOUND, detail))


class TaskNamespace(Namespace):
    """One application's `/ws/tasks`."""

    def __init__(self) -> None:
        super().__init__(NAMESPACE)
        self._members: dict[str, Member] = {}
        self._rooms: WeakValueDictionary[UserLog, Room] = WeakValueDictionary()
        self._lock = threading.Lock()

    def on_connect(self, credentials: Any = None) -> None:
        """Let a client in. Everything that goes wrong must end as a refusal with its code."""
        sid, asked = _sid(), credentials if isinstance(credentials, dict) else {}
        engine = engine_of(self.server, sid)  # it raises KeyError where nobody is left
        try:
            principal = identify(asked.get("token") or request.headers.get("Authorization"))
            opening = HUB.get().subscribe(principal, position(asked.get("since")), engine)
            with ExitStack() as stack:
                subscription = stack.enter_context(opening)
                stack.callback(self._members.pop, sid)
                self._members[sid] = Member(sid, engine, subscription, stack.pop_all())
            engine.serve(subscription)
        except Exception as error:
            body = problem_of(error)
            raise ConnectionRefusedError(body["detail"], body) from None

    def connected(self, sid: str) -> bool:
        """Begin to deliver: the client's CONNECT packet is sent. Return False if it has gone."""
        if (member := self._members.get(sid)) is None:  # it had gone before it was let in
            return False
        if gone := member.engine.closing:
            member.subscription.close()
        threading.Thread(target=self._serve, args=(member,), daemon=True).start()
        return not gone

    def on_disconnect(self, _reason: str = "") -> None:
        """Let a client go. Takes no lock: it may be called from within a room's delivery."""
        if member := self._members.get(_sid()):
            member.subscription.close()
            member.engine.serve(None)

    def on_authenticate(self, body: Any = None, *_: Any) -> Any:
        """Renew the token in-band; answer by event and by acknowledgement."""
        if (member := self._members.get(_sid())) is None:
            return None
        token = body.get("token") if isinstance(body, dict) else None
        return self._answer(renew(member.subscription, token))

    def on_unknown_event(self, *_: Any) -> Any:
        """Answer an event that is not known here, as `authenticate` is answered."""
        return self._answer(NOT_UNDERSTOOD)

    def _answer(self, answer: Message) -> dict[str, Any]:
        """Send an answer as an event, and return it for the acknowledgement."""
        self._send(answer, _sid())
        return {"action": answer.name, **orjson.loads(answer.payload)}

    def _send(self, message: Message, to: str) -> None:
        """Send a message to a client or a room. It only queues."""
        body = orjson.Fragment(message.payload)
        self.server.emit(message.name, body, to=to, namespace=NAMESPACE)

    def _serve(self, member: Member) -> None:
        """Deliver until the stream is closed, then close the connection."""
        with member.cleanup:
            try:
                for batch in member.subscription.messages():
                    for message in batch:
                        self._send(message, member.sid)
                    self._let_enter(member)
                self._hang_up(member)
            except Exception:
                log.exception("stream_failed")
                member.engine.abort()

    def _let_enter(self, member: Member) -> None:
        """Make the user's room a client's reader, if the client has read as far as the room."""
        reader, user_id = member.subscription.reader, member.subscription.principal.user_id
        if isinstance(reader, Room) or not reader.ready:
            return
        with self._lock:
            new = Room(reader.log, reader.cursor, partial(self._send, to=user_id))
            room = self._rooms.setdefault(reader.log, new)
        with room.lock, suppress(SQLAlchemyError):  # then it tries again after the next batch
            room.next_batch()
            if reader.cursor == room.cursor:
                member.subscription.reader = room
                with suppress(KeyError, ValueError):  # it has gone
                    self.server.enter_room(member.sid, user_id, namespace=NAMESPACE)

    def _hang_up(self, member: Member) -> None:
        """Disconnect. The protocol tells a client only to stay away, not to come back."""
        if reason := member.subscription.close_reason:
            if not reason.reconnect:
                with suppress(KeyError):  # it has gone meanwhile
                    self.server.disconnect(member.sid, namespace=NAMESPACE)
            member.engine.leave()


def _sid() -> str:
    return request.sid  # type: ignore[attr-defined,no-any-return]
