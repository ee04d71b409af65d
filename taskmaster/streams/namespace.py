"""The Socket.IO namespace: lets a client in by its token, and sends it what it follows."""

import contextlib
import threading
from typing import Any

import orjson
import structlog
from flask import request
from flask_socketio import ConnectionRefusedError, Namespace
from socketio import Namespace as AnyNamespace
from sqlalchemy.exc import SQLAlchemyError

from ..core.errors import DEFAULTS, ApiError, ErrorCode, problem
from . import auth
from .connection import Connection
from .engine import EngineSocket
from .follower import Follower
from .hub import Hub
from .messages import Message, control
from .room import Room

log = structlog.get_logger(__name__)

NAMESPACE = "/ws/tasks"
UNKNOWN_EVENT = "unknown_event"  # stands for the name of every event that is not known here
UNKNOWN = control(
    "error",
    code=ErrorCode.MALFORMED_REQUEST.value,
    detail="This event is unknown. Only `authenticate` with a token is understood here.",
)


class OtherNamespaces(AnyNamespace):
    """Refuses every namespace that does not exist; Flask-SocketIO's class serves one name only."""

    def on_connect(self, *_: Any) -> None:
        """Refuse, and name the namespace that does exist."""
        detail = f"This namespace does not exist; connect to `{NAMESPACE}`."
        raise _refusal(problem(ErrorCode.NOT_FOUND, detail))


class TaskNamespace(Namespace):
    """One application's `/ws/tasks`."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(NAMESPACE)
        self.hub = hub
        self._connections: dict[str, Connection] = {}
        self._rooms: dict[str, Room] = {}
        self._lock = threading.Lock()

    def on_connect(self, credentials: Any = None) -> None:
        """Let a client in. Everything that goes wrong must end as a refusal with its code."""
        try:
            follower = self._follow(credentials if isinstance(credentials, dict) else {})
        except ApiError as error:
            raise _refusal(error.problem) from None
        except SQLAlchemyError:
            raise _refusal(problem(*DEFAULTS[503])) from None
        except Exception:
            log.exception("unhandled_error")
            raise _refusal(problem(ErrorCode.INTERNAL_ERROR, "Something went wrong.")) from None
        sid: str = request.sid  # type: ignore[attr-defined]
        connection = self._connections[sid] = Connection(self, sid, follower)
        connection.start()

    def _follow(self, credentials: dict[str, Any]) -> Follower:
        token = credentials.get("token") or auth.header_token()
        return self.hub.join(auth.identify(token), auth.position(credentials.get("since")))

    def on_disconnect(self, _reason: str = "") -> None:
        """Let a client go. Takes no lock: it may be called from within a room's delivery."""
        connection = self._connections.pop(request.sid, None)  # type: ignore[attr-defined]
        if connection is not None:
            connection.follower.leave()

    def on_authenticate(self, body: Any = None, *_: Any) -> Any:
        """Renew the token in-band; answer by event and by acknowledgement."""
        connection = self._connections.get(request.sid)  # type: ignore[attr-defined]
        if connection is None:
            return None
        token = body.get("token") if isinstance(body, dict) else None
        return self._answer(auth.renew(connection.follower, token), connection.sid)

    def on_unknown_event(self, *_: Any) -> Any:
        """Answer an event that is not known here, as `authenticate` is answered."""
        return self._answer(UNKNOWN, request.sid)  # type: ignore[attr-defined]

    def _answer(self, answer: Message, sid: str) -> dict[str, Any]:
        self.send(answer, sid)
        return {"action": answer.name, **orjson.loads(answer.payload)}

    def enter_room(self, connection: Connection) -> None:
        """Put a connection in its user's room; the first opens it where it stands."""
        user_id = connection.follower.channel.user_id
        with self._lock:
            if user_id not in self._rooms:
                self._rooms[user_id] = Room(self, user_id, connection.follower.cursor)
            self._rooms[user_id].enter(connection)

    def leave_room(self, connection: Connection) -> None:
        """Take a connection out of its room; the last closes it."""
        with self._lock:
            self._connections.pop(connection.sid, None)
            room = self._rooms.get(connection.follower.channel.user_id)
            if room and room.leave(connection):
                del self._rooms[room.user_id]
                room.close()

    def put(self, sid: str, room: str) -> None:
        """Let a connection have what is emitted to a room, if it still stands."""
        with contextlib.suppress(KeyError, ValueError):
            self.server.enter_room(sid, room, namespace=NAMESPACE)

    def disconnect(self, sid: str) -> None:
        """Tell a client that it is disconnected and shall stay away."""
        self.server.disconnect(sid, namespace=NAMESPACE)

    def send(self, message: Message, to: str) -> None:
        """Send a message to a connection or a room; it only queues."""
        self.server.emit(message.name, orjson.loads(message.payload), to=to, namespace=NAMESPACE)

    def is_connected(self, sid: str) -> bool:
        """Tell whether the client was told that it is connected."""
        return bool(self.server.manager.is_connected(sid, NAMESPACE))

    def engine_of(self, sid: str) -> EngineSocket | None:
        """Return the transport of a connection that stands."""
        engine_sid = self.server.manager.eio_sid_from_sid(sid, NAMESPACE)
        return self.server.eio.sockets.get(engine_sid)  # type: ignore[no-any-return]


def _refusal(body: dict[str, Any]) -> ConnectionRefusedError:
    return ConnectionRefusedError(body["detail"], body)
