"""python-socketio's members and rooms, for real threads, and the moment when a client is in."""

import threading
from collections.abc import Callable
from typing import Any

from socketio import Manager


def _locked(change: Callable[..., Any]) -> Callable[..., Any]:
    def locked(self: "LockedManager", *args: Any, **kwargs: Any) -> Any:
        with self.lock:
            return change(self, *args, **kwargs)

    return locked


class LockedManager(Manager):
    """python-socketio's rooms, which it looks at first and changes then, for real threads."""

    lock = threading.RLock()
    basic_enter_room = _locked(Manager.basic_enter_room)
    basic_leave_room = _locked(Manager.basic_leave_room)
    basic_disconnect = _locked(Manager.basic_disconnect)

    def pre_connect(self, eio_sid: str, namespace: str) -> str:
        """Begin to let a connection in. Raise ValueError where it is in already."""
        with self.lock:
            sid: str | None = super().pre_connect(eio_sid, namespace)
        if sid is None:  # python-socketio would answer like a refusal, and the client leave
            raise ValueError("joined already")
        return sid

    def connect(self, sid: str, namespace: str) -> Any:
        """Let a client in whose CONNECT packet is sent: from here on it may be sent events."""
        found = super().connect(sid, namespace)
        if not self.server.namespace_handlers[namespace].connected(sid):
            self.disconnect(sid, namespace)  # it has gone, and python-socketio did not see it here
        return found
