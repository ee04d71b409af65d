"""What is taken in and given out."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Status = Literal["TO DO", "IN PROGRESS", "DONE"]
Priority = Literal["LOW", "MEDIUM", "HIGH"]


class TaskCreate(BaseModel):
    """A task to create."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=100)
    description: str = Field("", max_length=10_000)
    status_task: Status = "TO DO"
    priority: Priority = "MEDIUM"
    due_date: AwareDatetime | None = None


class TaskUpdate(TaskCreate):
    """What to change; what is not sent stays."""

    title: str | None = Field(None, min_length=1, max_length=100)


class TaskPublic(BaseModel):
    """A task."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    description: str
    status_task: Status
    priority: Priority
    due_date: datetime | None
    date_created: datetime
    last_updated: datetime


class TasksPublic(BaseModel):
    """A page of tasks."""

    count: int
    results: list[TaskPublic]


class Operation(BaseModel):
    """One operation of a bulk; creating is the one that is measured."""

    action: Literal["create"]
    task: TaskCreate


class Bulk(BaseModel):
    """A bulk of operations."""

    operations: list[Operation] = Field(min_length=1, max_length=100)


class BulkPublic(BaseModel):
    """What a bulk made."""

    results: list[TaskPublic]


class Login(BaseModel):
    """Who logs in."""

    username: str
    password: str


class Tokens(BaseModel):
    """The tokens of a log-in."""

    access: str
    refresh: str


class UserPublic(BaseModel):
    """An account, as a log-in answers it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str
    email: str
    last_login: datetime | None
    tokens: Tokens
