"""`flask users ...`: accounts from the command line. What no option says is asked."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask.cli import AppGroup
from marshmallow import ValidationError

from ..core.clock import rfc3339
from ..core.commands import in_one_line
from ..core.errors import ApiError
from . import administration
from .models import UserRow
from .schemas import NewPasswordSchema, RegistrationSchema

BY = "command line"

users = AppGroup("users", help="Create, list, change, deactivate and activate accounts.")


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
        with in_one_line():
            yield
    except ValidationError as error:
        raise click.ClickException(_explain(error.normalized_messages())) from None
    except ApiError as error:
        problem = error.problem
        raise click.ClickException(_explain(problem.get("errors")) or problem["detail"]) from None


def _explain(errors: dict[str, list[str]] | None) -> str:
    return "; ".join(f"{name}: {' '.join(reasons)}" for name, reasons in (errors or {}).items())


def _add_creation(name: str, is_superuser: bool, text: str) -> None:
    """Add a command that makes an account, with this text as its help."""

    @users.command(name, help=text)
    @click.option("--username", prompt=True)
    @click.option("--email", prompt=True)
    @with_password
    def create(**fields: str) -> None:
        with _refusals():
            user = administration.create(RegistrationSchema().load(fields), is_superuser, BY)
        click.echo(f"{'Superuser' if is_superuser else 'User'} {user.username} created.")


_add_creation("create", False, "Make an account, also where registration is closed.")
_add_creation("create-superuser", True, "Make an account that may see the admin pages.")


@users.command("list")
def list_users() -> None:
    """Show all accounts, one a line, with tabs between the columns."""
    click.echo("username\temail\tstate\trole\tlast log-in")
    with _refusals():
        for user in administration.list_all():
            state = "active" if user.is_active else "deactivated"
            role = "superuser" if user.is_superuser else "user"
            last_login = rfc3339(user.last_login) or "never"
            click.echo("\t".join([user.username, user.email, state, role, last_login]))


@users.command("set-password")
@named
@with_password
def set_password(username: str, password: str) -> None:
    """Give an account a new password, and end all its sessions."""
    with _refusals():
        user = administration.find(username)
        checked: dict[str, Any] = NewPasswordSchema().load({"password": password})
        click.echo(administration.set_password(user, checked["password"], BY))


def _add_change(name: str, change: Callable[[UserRow, str], str]) -> None:
    """Add a command that changes an account, with the docstring of the change as its help."""

    @users.command(name, help=change.__doc__)
    @named
    def apply(username: str) -> None:
        with _refusals():
            click.echo(change(administration.find(username), BY))


_add_change("deactivate", administration.deactivate)
_add_change("activate", administration.activate)
_add_change("end-sessions", administration.end_sessions)
