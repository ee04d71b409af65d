"""The ASGI application: the calls, and the stream over a WebSocket."""

from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

http = get_asgi_application()

from django.urls import path  # noqa: E402 (Django is set up by then)
from rest_framework.exceptions import AuthenticationFailed  # noqa: E402
from rest_framework_simplejwt.authentication import JWTAuthentication  # noqa: E402
from rest_framework_simplejwt.exceptions import InvalidToken  # noqa: E402


class TaskConsumer(AsyncJsonWebsocketConsumer):
    """Follows the tasks of the user whose token the handshake carries."""

    async def connect(self) -> None:
        """Join the user's group, then accept."""
        header = dict(self.scope["headers"]).get(b"authorization", b"")
        try:
            user = await database_sync_to_async(_user)(header.removeprefix(b"Bearer "))
        except (AuthenticationFailed, InvalidToken):
            await self.close()
            return
        self.group = f"tasks.{user.pk}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        if hasattr(self, "group"):
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def task_event(self, message: dict[str, Any]) -> None:
        """Pass an event on."""
        await self.send_json(message["event"])


def _user(token: bytes) -> Any:
    authentication = JWTAuthentication()
    return authentication.get_user(authentication.get_validated_token(token))


application = ProtocolTypeRouter(
    {"http": http, "websocket": URLRouter([path("ws/tasks/", TaskConsumer.as_asgi())])}
)
