"""The calls. Whatever changes a task tells the owner's group once it is committed."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.db import transaction
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet
from rest_framework_simplejwt.tokens import RefreshToken

from .models import Task
from .serializers import BulkSerializer, LoginSerializer, TaskSerializer, UserSerializer


@api_view(["GET"])
@permission_classes([AllowAny])
def livez(request: Request) -> Response:
    """Tell that it serves."""
    return Response({"status": "ok"})


@api_view(["POST"])
@permission_classes([AllowAny])
def login(request: Request) -> Response:
    """Return the account and its tokens."""
    serializer = LoginSerializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    user = authenticate(request, **serializer.validated_data)
    if user is None:
        raise AuthenticationFailed
    update_last_login(None, user)
    refresh = RefreshToken.for_user(user)
    tokens = {"access": str(refresh.access_token), "refresh": str(refresh)}
    return Response({**UserSerializer(user).data, "tokens": tokens})


class TaskPagination(PageNumberPagination):
    """Pages with a count."""

    page_size = 10
    page_size_query_param = "page_size"
    max_page_size = 100


class TaskViewSet(ModelViewSet):
    """The tasks of whoever asks."""

    serializer_class = TaskSerializer
    pagination_class = TaskPagination

    def get_queryset(self) -> Any:
        """Return the user's own tasks."""
        return Task.objects.filter(owner=self.request.user)

    @transaction.atomic
    def perform_create(self, serializer: TaskSerializer) -> None:
        """Create a task and tell of it."""
        serializer.save(owner=self.request.user)
        self.publish("task_create", [serializer.data])

    @transaction.atomic
    def perform_update(self, serializer: TaskSerializer) -> None:
        """Change a task and tell of it."""
        serializer.save()
        self.publish("task_update", [serializer.data])

    @transaction.atomic
    def perform_destroy(self, instance: Task) -> None:
        """Delete a task and tell of it."""
        self.publish("task_delete", [{"id": str(instance.pk)}])
        instance.delete()

    @action(detail=False, methods=["post"])
    @transaction.atomic
    def bulk(self, request: Request) -> Response:
        """Create up to 100 tasks, all or none."""
        serializer = BulkSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        operations = serializer.validated_data["operations"]
        tasks = Task.objects.bulk_create(
            Task(owner=request.user, **operation["task"]) for operation in operations
        )
        results = TaskSerializer(tasks, many=True).data
        self.publish("task_create", results)
        return Response({"results": results})

    def publish(self, action: str, tasks: Iterable[dict[str, Any]]) -> None:
        """Send an event for each task to the user's group, after the commit."""
        events = [{"action": action, **task} for task in tasks]
        transaction.on_commit(partial(async_to_sync(send_all), self.request.user.pk, events))


async def send_all(user_id: int, events: list[dict[str, Any]]) -> None:
    """Send events to the group of a user."""
    layer = get_channel_layer()
    for event in events:
        await layer.group_send(f"tasks.{user_id}", {"type": "task.event", "event": event})
