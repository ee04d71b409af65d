"""The calls on tasks. Replies are made by `serialize_task`, past the schemas that document them."""

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from flask.views import MethodView

from ..core import idempotency
from ..core.auth import current, login_required
from ..core.blueprint import Blueprint
from ..core.caching import let_user_keep
from ..core.conditional import IF_MATCH, IF_NONE_MATCH, check_preconditions, etag, not_modified
from ..core.document import DESCRIBED_HEADERS, headers
from ..core.errors import ErrorCode
from ..core.json import json_response
from ..core.schemas import INT64, MessageSchema
from ..events.replay import envelope
from ..events.schemas import EventQuerySchema, HistorySchema
from . import bulk, queries, schemas, service
from .filters import TaskQuerySchema

blp = Blueprint("tasks", __name__, url_prefix="/api/v1/tasks", description="One's own tasks.")
blp.after_request(let_user_keep)

STREAM_POSITION = "Stream-Position"
DESCRIBED_HEADERS[STREAM_POSITION] = (
    {"type": "integer"} | INT64,
    "Where to start a stream that misses nothing after this reply.",
)
DELETED = {"message": "Task deleted successfully"}
TASK_ID = {"name": "task_id", "in": "path", "description": "The `id` of the task."}


def reply_task(task: service.Task) -> Response:
    """Answer with a task and its entity tag."""
    return json_response(schemas.serialize_task(task), headers={"ETag": etag(task["version"])})


@blp.route("/")
class Tasks(MethodView):
    @login_required
    @blp.arguments(TaskQuerySchema(), location="query")
    @blp.response(200, schemas.TaskPageSchema, headers=headers(STREAM_POSITION))
    @blp.documents_errors(ErrorCode.NOT_FOUND)
    def get(self, query: dict[str, Any]) -> Response:
        """List tasks

        By page, or by `cursor` for long lists; newest first unless `ordering` says otherwise.
        A stream from `Stream-Position` delivers every change after the list.
        """
        user_id, *_, head = current()
        body = queries.list_tasks(user_id, head.task_count, query)
        return json_response(body, headers={STREAM_POSITION: str(head.seq)})

    @login_required
    @blp.arguments(schemas.CREATION)
    @blp.response(201, schemas.TaskSchema, headers=headers("Location", "ETag"))
    @blp.documents_errors(ErrorCode.IDEMPOTENCY_MISMATCH, ErrorCode.QUOTA_EXCEEDED)
    @blp.doc(parameters=[idempotency.PARAMETER])
    def post(self, fields: dict[str, Any]) -> Response:
        """Create a task

        With an `Idempotency-Key`, a repetition gets the first reply again and makes no second
        task.
        """
        key = idempotency.read_key(request, body_only=True)
        task = service.create(current().user_id, fields, key)
        location = url_for("tasks.TaskItem", task_id=task["id"])
        return json_response(task, 201, {"Location": location, "ETag": etag(1)})


@blp.post("/bulk/")
@login_required
@blp.arguments(schemas.BulkSchema())
@blp.response(200, schemas.BulkResultSchema)
@blp.documents_errors(ErrorCode.NOT_FOUND, ErrorCode.QUOTA_EXCEEDED, ErrorCode.IDEMPOTENCY_MISMATCH)
@blp.doc(parameters=[idempotency.PARAMETER])
def change_many(body: dict[str, Any]) -> Response:
    """Change many tasks

    1 to 100 operations in one transaction: all are made, in order, or none. A fault is named
    by the operation's index, as in `operations.3.task.title`. With an `Idempotency-Key`, a
    repetition gets the first reply again and changes nothing.
    """
    key = idempotency.read_key(request, body_only=True)
    return json_response(bulk.change_many(current().user_id, body["operations"], key))


@blp.route("/<uuid:task_id>/", parameters=[TASK_ID])
class TaskItem(MethodView):
    @login_required
    @blp.response(200, schemas.TaskSchema, headers=headers("ETag"))
    @blp.alt_response(304, description="The task has not changed.", headers=headers("ETag"))
    @blp.documents_errors(ErrorCode.NOT_FOUND)
    @blp.doc(parameters=[IF_NONE_MATCH])
    def get(self, task_id: UUID) -> Response:
        """Get a task

        With `If-None-Match`, 304 where the task has not changed.
        """
        task = queries.get(current().user_id, str(task_id))
        return not_modified(task["version"]) or reply_task(task)

    @login_required
    @blp.arguments(schemas.CHANGE)
    @blp.response(200, schemas.TaskSchema, headers=headers("ETag"))
    @blp.documents_errors(ErrorCode.NOT_FOUND, ErrorCode.PRECONDITION_FAILED)
    @blp.doc(parameters=[IF_MATCH, IF_NONE_MATCH])
    def put(self, fields: dict[str, Any], task_id: UUID) -> Response:
        """Update a task by PUT

        The same as by PATCH: fields that are not sent stay as they are.
        """
        return _change(task_id, fields)

    @login_required
    @blp.arguments(schemas.CHANGE)
    @blp.response(200, schemas.TaskSchema, headers=headers("ETag"))
    @blp.documents_errors(ErrorCode.NOT_FOUND, ErrorCode.PRECONDITION_FAILED)
    @blp.doc(parameters=[IF_MATCH, IF_NONE_MATCH])
    def patch(self, fields: dict[str, Any], task_id: UUID) -> Response:
        """Update a task

        Changes the fields that are sent. A request that changes nothing leaves `last_updated`
        and is no event. With `If-Match`, only that version is changed.
        """
        return _change(task_id, fields)

    @login_required
    @blp.response(200, MessageSchema, example=DELETED)
    @blp.documents_errors(ErrorCode.NOT_FOUND, ErrorCode.PRECONDITION_FAILED)
    @blp.doc(parameters=[IF_MATCH, IF_NONE_MATCH])
    def delete(self, task_id: UUID) -> Response:
        """Delete a task

        With `If-Match`, only that version is deleted.
        """
        service.remove(current().user_id, str(task_id), check_preconditions)
        return json_response(DELETED)


@blp.post("/<uuid:task_id>/restore/", parameters=[TASK_ID])
@login_required
@blp.response(200, schemas.TaskSchema, headers=headers("ETag"))
@blp.documents_errors(ErrorCode.NOT_FOUND, ErrorCode.ALREADY_EXISTS, ErrorCode.QUOTA_EXCEEDED)
def restore(task_id: UUID) -> Response:
    """Restore a task

    Brings a deleted task back as it was, with the same `id` and `date_created`, as long as the
    log has it. 409 where it was not deleted.
    """
    return reply_task(service.restore(current().user_id, str(task_id)))


@blp.get("/<uuid:task_id>/history/", parameters=[TASK_ID])
@login_required
@blp.arguments(EventQuerySchema(), location="query")
@blp.response(200, HistorySchema)
@blp.documents_errors(ErrorCode.NOT_FOUND)
def get_history(query: dict[str, int], task_id: UUID) -> Response:
    """Get a task's history

    Its events, oldest first, as long as the log keeps them; of a deleted task too. In pages
    of `limit` events or 256 KiB, whichever is less.
    """
    return json_response(envelope(*queries.history(current().user_id, str(task_id), **query)))


def _change(task_id: UUID, fields: dict[str, Any]) -> Response:
    return reply_task(service.update(current().user_id, str(task_id), fields, check_preconditions))
