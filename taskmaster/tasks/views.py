"""The calls on tasks. Replies are made by `represent`, past the schemas that document them."""

from typing import Any
from uuid import UUID

from flask import Response, url_for
from flask.views import MethodView

from ..core.auth import current, login_required
from ..core.blueprint import Blueprint
from ..core.errors import ErrorCode
from ..core.json import reply
from ..core.pagination import PageQuerySchema, envelope
from ..core.schemas import MessageSchema
from . import service
from .schemas import TaskPageSchema, TaskSchema, represent

blp = Blueprint("tasks", __name__, url_prefix="/api/v1/tasks", description="One's own tasks.")


def reply_task(task: service.Task, status: int = 200, **headers: str) -> Response:
    """Answer with a task."""
    return reply(represent(task), status, headers)


@blp.route("/")
class Tasks(MethodView):
    init_every_request = False

    @login_required
    @blp.arguments(PageQuerySchema(), location="query")
    @blp.response(200, TaskPageSchema)
    @blp.refuses(ErrorCode.NOT_FOUND)
    def get(self, query: dict[str, int]) -> Response:
        """List tasks

        Newest first. `Stream-Position` is where to start a stream that misses nothing which this
        list does not show.
        """
        head, page = service.list_page(current().user_id, **query)
        body = envelope(**query, count=head.task_count, results=[represent(t) for t in page])
        return reply(body, headers={"Stream-Position": str(head.seq)})

    @login_required
    @blp.arguments(TaskSchema())
    @blp.response(201, TaskSchema)
    def post(self, fields: dict[str, Any]) -> Response:
        """Create a task"""
        task = service.create(current().user_id, fields)
        return reply_task(task, 201, Location=url_for("tasks.TaskItem", task_id=task["id"]))


@blp.route("/<uuid:task_id>/")
class TaskItem(MethodView):
    init_every_request = False

    @login_required
    @blp.response(200, TaskSchema)
    @blp.refuses(ErrorCode.NOT_FOUND)
    def get(self, task_id: UUID) -> Response:
        """Get a task"""
        return reply_task(service.get(current().user_id, str(task_id)))

    @login_required
    @blp.arguments(TaskSchema(partial=True))
    @blp.response(200, TaskSchema)
    @blp.refuses(ErrorCode.NOT_FOUND)
    def put(self, fields: dict[str, Any], task_id: UUID) -> Response:
        """Change a task

        As PATCH: fields that are not sent stay as they are.
        """
        return reply_task(service.update(current().user_id, str(task_id), fields))

    @login_required
    @blp.arguments(TaskSchema(partial=True))
    @blp.response(200, TaskSchema)
    @blp.refuses(ErrorCode.NOT_FOUND)
    def patch(self, fields: dict[str, Any], task_id: UUID) -> Response:
        """Change a task

        Changes the fields that are sent. A request that changes nothing leaves `last_updated`
        and is no event.
        """
        return reply_task(service.update(current().user_id, str(task_id), fields))

    @login_required
    @blp.response(200, MessageSchema)
    @blp.refuses(ErrorCode.NOT_FOUND)
    def delete(self, task_id: UUID) -> Response:
        """Delete a task"""
        service.remove(current().user_id, str(task_id))
        return reply({"message": "Task deleted successfully"})
