"""The Socket.IO namespace: lets a client in by its token, and sends it what it follows."""

import threading
from typing import Any

import orjson
import structlog
from flask import request
from flask_socketio import ConnectionRefusedError, Namespace
from sqlalchemy.exc import SQLAlchemyError

from ..core.errors import DEFAULTS, ApiError, ErrorCode, problem
from . import auth
from .connection import Connection
from .follower import Follower
from .hub import Hub
from .messages import Closing, Message, control
from .room import Room

log = structlog.get_logger(__name__)

NAMESPACE = "/ws/tasks"
JOINING = 10  # seconds for a connection to join the namespace
NOT_UNDERSTOOD = control(
    "error", code=ErrorCode.MALFORMED_REQUEST.value, detail="This event is not understood here."
)


class TaskNamespace(Namespace):
    """One application's `/ws/tasks`."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(NAMESPACE)
        self.hub = hub
        self._connections: dict[str, Connection] = {}
        self._rooms: dict[str, Room] = {}
        self._lock = threading.Lock()

    def trigger_event(self, event: str, *args: Any) -> Any:
        """Dispatch an event; answer one that is not ours with an error."""
        if event not in ("connect", "disconnect", "authenticate"):
            return self.send(NOT_UNDERSTOOD, args[0])
        return super().trigger_event(event, *args)

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
        """Let a client go."""
        connection = self._connections.pop(request.sid, None)  # type: ignore[attr-defined]
        if connection is None:
            return
        connection.follower.leave()
        with self._lock:
            room = self._rooms.get(connection.follower.channel.user_id)
            if room and room.leave(connection):
                del self._rooms[room.user_id]
                room.close()

    def on_authenticate(self, body: Any = None, *_: Any) -> Any:
        """Renew the token in-band; answer by event and by acknowledgement."""
        connection = self._connections.get(request.sid)  # type: ignore[attr-defined]
        if connection is None:
            return None
        token = body.get("token") if isinstance(body, dict) else None
        answer = auth.renew(connection.follower, token)
        self.send(answer, connection.sid)
        return {"action": answer.name, **orjson.loads(answer.payload)}

    def room_of(self, connection: Connection) -> Room:
        """Return the room of a connection's user; the first to ask opens it where it stands."""
        follower = connection.follower
        user_id = follower.channel.user_id
        with self._lock:
            if user_id not in self._rooms:
                self._rooms[user_id] = Room(self, user_id, follower.cursor)
            return self._rooms[user_id]

    def enter(self, sid: str, room: str) -> None:
        """Put a connection in a room."""
        self.server.enter_room(sid, room, namespace=NAMESPACE)

    def send(self, message: Message, to: str) -> None:
        """Send a message to a connection or a room; it only queues."""
        self.server.emit(message.name, orjson.loads(message.payload), to=to, namespace=NAMESPACE)

    def is_connected(self, sid: str) -> bool:
        """Tell whether the client was told that it is connected."""
        return bool(self.server.manager.is_connected(sid, NAMESPACE))

    def backlog(self, sid: str) -> int:
        """Return how many packets wait for the client; 0 for one that is gone."""
        engine = self._engine_socket(sid)
        return engine.queue.qsize() if engine and not engine.closed else 0

    def abort(self, sid: str) -> None:
        """End the transport at once."""
        if engine := self._engine_socket(sid):
            getattr(engine, "abort", lambda: engine.close(wait=False, abort=True))()

    def hang_up(self, sid: str, closing: Closing) -> None:
        """Disconnect. Only where the client shall stay away is it told so by the protocol."""
        engine = self._engine_socket(sid)
        if not closing.reconnect:
            self.server.disconnect(sid, namespace=NAMESPACE)
        if engine:
            engine.close(wait=False)

    def _engine_socket(self, sid: str) -> Any:
        engine_sid = self.server.manager.eio_sid_from_sid(sid, NAMESPACE)
        return self.server.eio.sockets.get(engine_sid)


def _refusal(body: dict[str, Any]) -> ConnectionRefusedError:
    return ConnectionRefusedError(body["detail"], body)
