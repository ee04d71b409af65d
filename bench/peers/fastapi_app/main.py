"""The calls and the stream."""

from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, HTTPException, Query, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import func, select

from . import streams
from .database import SessionDep, Task, User, now
from .schemas import (
    Bulk,
    BulkPublic,
    Login,
    TaskCreate,
    TaskPublic,
    TasksPublic,
    TaskUpdate,
    Tokens,
    UserPublic,
)
from .security import CurrentUser, mint, password_hash

app = FastAPI(lifespan=streams.lifespan)


@app.get("/livez")
async def livez() -> dict[str, str]:
    """Tell that it serves."""
    return {"status": "ok"}


@app.post("/api/v1/auth/login/")
async def login(body: Login, session: SessionDep) -> UserPublic:
    """Return the account and its tokens."""
    user = await session.scalar(select(User).where(User.username == body.username))
    if not user or not await run_in_threadpool(
        password_hash.verify, body.password, user.hashed_password
    ):
        raise HTTPException(401, "Incorrect username or password")
    user.last_login = now()
    await session.commit()
    tokens = Tokens(access=mint(user.id, "access"), refresh=mint(user.id, "refresh"))
    return UserPublic(
        id=user.id,
        username=user.username,
        email=user.email,
        last_login=user.last_login,
        tokens=tokens,
    )


@app.get("/api/v1/tasks/")
async def list_tasks(
    user: CurrentUser,
    session: SessionDep,
    page: Annotated[int, Query(ge=1)] = 1,
    page_size: Annotated[int, Query(ge=1, le=100)] = 10,
) -> TasksPublic:
    """Return a page of the user's tasks, newest first."""
    own = select(Task).where(Task.owner_id == user.id)
    count = await session.scalar(
        select(func.count()).select_from(Task).where(Task.owner_id == user.id)
    )
    offset = (page - 1) * page_size
    tasks = await session.scalars(
        own.order_by(Task.date_created.desc()).offset(offset).limit(page_size)
    )
    results = [TaskPublic.model_validate(task) for task in tasks]
    return TasksPublic(count=count or 0, results=results)


@app.post("/api/v1/tasks/", status_code=201)
async def create_task(body: TaskCreate, user: CurrentUser, session: SessionDep) -> TaskPublic:
    """Create a task."""
    task = Task(owner_id=user.id, **body.model_dump())
    session.add(task)
    await session.commit()
    public = TaskPublic.model_validate(task)
    await streams.publish(user.id, "task_create", [public])
    return public


@app.post("/api/v1/tasks/bulk/")
async def bulk(body: Bulk, user: CurrentUser, session: SessionDep) -> BulkPublic:
    """Create up to 100 tasks, all or none."""
    tasks = [Task(owner_id=user.id, **one.task.model_dump()) for one in body.operations]
    session.add_all(tasks)
    await session.commit()
    results = [TaskPublic.model_validate(task) for task in tasks]
    await streams.publish(user.id, "task_create", results)
    return BulkPublic(results=results)


async def _own_task(task_id: UUID, user: User, session: SessionDep) -> Task:
    task = await session.get(Task, task_id)
    if not task or task.owner_id != user.id:
        raise HTTPException(404, "Task not found")
    return task


@app.get("/api/v1/tasks/{task_id}/")
async def get_task(task_id: UUID, user: CurrentUser, session: SessionDep) -> TaskPublic:
    """Return one task."""
    return TaskPublic.model_validate(await _own_task(task_id, user, session))


@app.patch("/api/v1/tasks/{task_id}/")
async def update_task(
    task_id: UUID, body: TaskUpdate, user: CurrentUser, session: SessionDep
) -> TaskPublic:
    """Change the fields that are sent."""
    task = await _own_task(task_id, user, session)
    for name, value in body.model_dump(exclude_unset=True).items():
        setattr(task, name, value)
    await session.commit()
    public = TaskPublic.model_validate(task)
    await streams.publish(user.id, "task_update", [public])
    return public


@app.delete("/api/v1/tasks/{task_id}/", status_code=204)
async def delete_task(task_id: UUID, user: CurrentUser, session: SessionDep) -> None:
    """Delete a task."""
    task = await _own_task(task_id, user, session)
    public = TaskPublic.model_validate(task)
    await session.delete(task)
    await session.commit()
    await streams.publish(user.id, "task_delete", [public])


@app.websocket("/ws/tasks/")
async def follow(websocket: WebSocket, user: CurrentUser, session: SessionDep) -> None:
    """Send the events of the user's tasks from now on."""
    await session.close()  # a stream that waits holds no connection
    own = streams.connections[str(user.id)]
    own.add(websocket)
    await websocket.accept()
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        own.discard(websocket)
