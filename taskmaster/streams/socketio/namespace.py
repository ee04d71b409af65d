"""The Socket.IO namespace: lets a client in by its token, and renews the token."""

from typing import Any

import orjson
import structlog
from flask import request
from flask_socketio import ConnectionRefusedError, Namespace
from socketio import Namespace as AnyNamespace
from sqlalchemy.exc import SQLAlchemyError

from ...core.errors import DEFAULTS, ApiError, ErrorCode, problem
from ..handshake import header_token, identify, position, renew
from ..hub import Hub
from ..protocol import Message, control
from .adapter import NAMESPACE, Outlet
from .rooms import Member, Rooms

log = structlog.get_logger(__name__)


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

    def __init__(self, hub: Hub, outlet: Outlet) -> None:
        super().__init__(NAMESPACE)
        self._hub = hub
        self._outlet = outlet
        self._rooms = Rooms(hub, outlet)

    def on_connect(self, credentials: Any = None) -> None:
        """Let a client in. Everything that goes wrong must end as a refusal with its code."""
        try:
            self._admit(_sid(), credentials if isinstance(credentials, dict) else {})
        except ApiError as error:
            raise _refusal(error.problem) from None
        except SQLAlchemyError:
            raise _refusal(problem(*DEFAULTS[503])) from None
        except Exception:
            log.exception("unhandled_error")
            raise _refusal(problem(ErrorCode.INTERNAL_ERROR, "Something went wrong.")) from None

    def connected(self, sid: str) -> None:
        """Begin to deliver: the client's CONNECT packet is sent."""
        self._rooms.members[sid].start()

    def on_disconnect(self, _reason: str = "") -> None:
        """Let a client go. Takes no lock: it may be called from within a room's delivery."""
        if member := self._rooms.members.get(_sid()):
            member.subscription.close()

    def on_authenticate(self, body: Any = None, *_: Any) -> Any:
        """Renew the token in-band; answer by event and by acknowledgement."""
        member = self._rooms.members.get(_sid())
        if member is None:
            return None
        token = body.get("token") if isinstance(body, dict) else None
        return self._answer(renew(member.subscription, token))

    def on_unknown_event(self, *_: Any) -> Any:
        """Answer an event that is not known here, as `authenticate` is answered."""
        return self._answer(UNKNOWN)

    def _answer(self, answer: Message) -> dict[str, Any]:
        """Send an answer as an event, and return it for the acknowledgement."""
        self._outlet.emit(answer, _sid())
        return {"action": answer.name, **orjson.loads(answer.payload)}

    def _admit(self, sid: str, credentials: dict[str, Any]) -> None:
        principal = identify(credentials.get("token") or header_token())
        since = position(credentials.get("since"))
        member = Member(self._rooms, sid, self._outlet.engine_of(sid), principal.user_id)
        member.subscribe(self._hub, principal, since)


def _sid() -> str:
    return request.sid  # type: ignore[attr-defined,no-any-return]


def _refusal(body: dict[str, Any]) -> ConnectionRefusedError:
    return ConnectionRefusedError(body["detail"], body)
