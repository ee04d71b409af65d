"""What a stranger writes against the client that openapi-python-client makes: no patch, no cast."""

import sys

from taskmaster_client import AuthenticatedClient, Client
from taskmaster_client.api.auth import log_in, register
from taskmaster_client.api.events import replay_events
from taskmaster_client.api.profile import change_profile
from taskmaster_client.api.sessions import end_other_sessions, list_sessions
from taskmaster_client.api.tasks import (
    change_many_tasks,
    create_task,
    delete_task,
    get_task,
    get_task_history,
    list_tasks,
    update_task,
    update_task_by_put,
)
from taskmaster_client.models import (
    Account,
    Bulk,
    BulkResult,
    ChangeAction,
    CreateOperation,
    DeleteOperation,
    ErrorCode,
    History,
    Login,
    Message,
    Ordering,
    Priority,
    Problem,
    ProfileUpdate,
    Registration,
    Replay,
    SessionList,
    Status,
    Task,
    TaskChangeEvent,
    TaskCreate,
    TaskDeleteEvent,
    TaskPage,
    TaskUpdate,
    UpdateOperation,
    User,
)

PASSWORD = "correct horse"


def main(url: str) -> None:
    """Use all of it once."""
    client = enter(url)
    profile = change_profile.sync(client=client, body=ProfileUpdate(first_name="Ada"))
    assert isinstance(profile, User)
    assert (profile.first_name, profile.email) == ("Ada", "python@example.org")
    bare = create_task.sync(client=client, body=TaskCreate(title="Bare"))
    assert isinstance(bare, Task)
    assert (bare.status_task, bare.due_date) == (Status.TO_DO, None)
    task = change_titles(client)
    change_many(client, task, bare)
    read(client, task)
    leave(client, task)


def enter(url: str) -> AuthenticatedClient:
    """Register, then log in by e-mail."""
    nobody = Client(base_url=url)
    registration = Registration(username="python", email="python@example.org", password=PASSWORD)
    account = register.sync(client=nobody, body=registration)
    assert isinstance(account, Account)
    login = Login(username=account.email, password=PASSWORD)
    account = log_in.sync(client=nobody, body=login)
    assert isinstance(account, Account)
    assert account.last_login is not None
    return AuthenticatedClient(base_url=url, token=account.tokens.access)


def change_titles(client: AuthenticatedClient) -> Task:
    """Change the title of a task in both ways; nothing else changes."""
    body = TaskCreate(
        title="One", description="Long", status_task=Status.DONE, priority=Priority.HIGH
    )
    task = create_task.sync(client=client, body=body)
    assert isinstance(task, Task)
    two, three = TaskUpdate(title="Two"), TaskUpdate(title="Three")
    first = update_task.sync_detailed(task.id, client=client, body=two)
    tag = first.headers["ETag"]
    for title, changed in (
        ("Two", first.parsed),
        ("Three", update_task_by_put.sync(task.id, client=client, body=three, if_match=tag)),
    ):
        assert isinstance(changed, Task)
        same = {"title": title, "last_updated": changed.last_updated.isoformat()}
        assert changed.to_dict() == {**task.to_dict(), **same}
    late = update_task_by_put.sync(task.id, client=client, body=two, if_match=tag)
    assert isinstance(late, Problem)
    assert late.code is ErrorCode.PRECONDITION_FAILED
    return task


def change_many(client: AuthenticatedClient, task: Task, bare: Task) -> None:
    """Create, update and delete in one call."""
    bulk = Bulk(
        operations=[
            CreateOperation(action="create", task=TaskCreate(title="Bulk")),
            UpdateOperation(action="update", id=task.id, task=TaskUpdate(title="Four")),
            DeleteOperation(action="delete", id=bare.id),
        ]
    )
    reply = change_many_tasks.sync(client=client, body=bulk)
    assert isinstance(reply, BulkResult)
    created, updated, deleted = reply.results
    assert (created.title, created.status_task, updated.title) == ("Bulk", Status.TO_DO, "Four")
    assert deleted.to_dict() == {"id": str(bare.id)}


def read(client: AuthenticatedClient, task: Task) -> None:
    """Read the list, the history, the log and the sessions."""
    statuses = [Status.DONE, Status.TO_DO]
    page = list_tasks.sync(
        client=client, status_task=statuses, ordering=Ordering.TITLE_REVERSED, page_size=1
    )
    assert isinstance(page, TaskPage)
    assert (page.count, [found.title for found in page.results]) == (2, ["Four"])
    assert page.next_ is not None
    history = get_task_history.sync(task.id, client=client)
    assert isinstance(history, History)
    changes = [event for event in history.results if isinstance(event, TaskChangeEvent)]
    assert [event.title for event in changes] == ["One", "Two", "Three", "Four"]
    created, updated = ChangeAction.TASK_CREATE, ChangeAction.TASK_UPDATE
    assert [event.action for event in changes] == [created, updated, updated, updated]
    replay = replay_events.sync(client=client, since=6)
    assert isinstance(replay, Replay)
    (event,) = replay.results
    assert isinstance(event, TaskDeleteEvent)
    assert (replay.seq, event.seq) == (7, 7)
    sessions = list_sessions.sync(client=client)
    assert isinstance(sessions, SessionList)
    assert [session.current for session in sessions.results] == [True, False]


def leave(client: AuthenticatedClient, task: Task) -> None:
    """End the other session and delete the task."""
    assert isinstance(end_other_sessions.sync(client=client), Message)
    assert isinstance(delete_task.sync(task.id, client=client), Message)
    gone = get_task.sync(task.id, client=client)
    assert isinstance(gone, Problem)
    assert (gone.code, gone.status) == (ErrorCode.NOT_FOUND, 404)


if __name__ == "__main__":
    main(sys.argv[1])
    print("done")
