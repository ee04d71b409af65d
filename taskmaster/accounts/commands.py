"""`flask users ...`: accounts from the command line. What no option says is asked."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup
from marshmallow import ValidationError

from ..core.clock import rfc3339
from ..core.errors import ApiError
from . import administration
from .rows import User
from .schemas import NewPasswordSchema, RegistrationSchema

BY = "command line"

users = AppGroup("users", help="Accounts: make, list, change, close and open them.")


def _ask_password(_: click.Context, __: click.Parameter, given: str | None) -> str:
    """Return the password: as given, as typed twice and not shown, or a line of standard input."""
    if given is not None:
        return given
    if sys.stdin.isatty():
        typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return typed
    return sys.stdin.readline().rstrip("\r\n")


named = click.option("--username", prompt="Username or e-mail", help="A username or an e-mail.")
with_password = click.option(
    "--password",
    callback=_ask_password,
    help="Better leave it out: others on the machine can see it. Then it is asked, or read as one"
    " line from standard input.",
)


@contextmanager
def _refusals() -> Iterator[None]:
    """Say in one line what was refused, and exit with 1."""
    try:
        yield
    except ValidationError as error:
        raise click.ClickException(_explain(error.normalized_messages())) from None
    except ApiError as error:
        problem = error.problem
        raise click.ClickException(_explain(problem.get("errors")) or problem["detail"]) from None


def _explain(errors: dict[str, list[str]] | None) -> str:
    return "; ".join(f"{name}: {' '.join(reasons)}" for name, reasons in (errors or {}).items())


def _creates(command: Callable[..., None]) -> Callable[..., None]:
    asked = click.option("--username", prompt=True), click.option("--email", prompt=True)
    for option in (with_password, *reversed(asked)):
        command = option(command)
    return command


@users.command("create")
@_creates
def create(**fields: str) -> None:
    """Make an account, also where registration is closed."""
    _create(fields, is_superuser=False)


@users.command("create-superuser")
@_creates
def create_superuser(**fields: str) -> None:
    """Make an account that may see the admin pages."""
    _create(fields, is_superuser=True)


def _create(fields: dict[str, str], is_superuser: bool) -> None:
    with _refusals():
        user = administration.create(RegistrationSchema().load(fields), is_superuser, BY)
    click.echo(f"{'Superuser' if is_superuser else 'User'} {user.username} created.")


@users.command("list")
def list_users() -> None:
    """Show all accounts, one a line, with tabs between the columns."""
    click.echo("username\temail\tstate\trole\tlast log-in")
    for user in administration.list_all():
        click.echo("\t".join(_columns(user)))


def _columns(user: User) -> Iterator[str]:
    yield from (user.username, user.email)
    yield "active" if user.is_active else "deactivated"
    yield "superuser" if user.is_superuser else "user"
    yield rfc3339(user.last_login) or "never"


@users.command("set-password")
@named
@with_password
def set_password(username: str, password: str) -> None:
    """Give an account a new password, and end all its sessions."""
    with _refusals():
        user = administration.find(username)
        checked: dict[str, Any] = NewPasswordSchema().load({"password": password})
        click.echo(administration.set_password(user, checked["password"], BY))


@users.command("deactivate")
@named
def deactivate(username: str) -> None:
    """Let an account log in no more, and end all its sessions. Nothing of it is lost."""
    _apply(administration.deactivate, username)


@users.command("activate")
@named
def activate(username: str) -> None:
    """Let an account log in again."""
    _apply(administration.activate, username)


@users.command("end-sessions")
@named
def end_sessions(username: str) -> None:
    """Log an account out everywhere."""
    _apply(administration.end_sessions, username)


def _apply(change: Callable[[User, str], str], username: str) -> None:
    with _refusals():
        click.echo(change(administration.find(username), BY))
