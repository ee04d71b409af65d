"""`flask users ...`: accounts from the command line."""

from typing import Any

import click
from flask.cli import AppGroup
from marshmallow import ValidationError

from ..core.errors import ApiError
from . import service
from .schemas import RegistrationSchema

users = AppGroup("users", help="Accounts.")


@users.command("create-superuser")
@click.option("--username", prompt=True)
@click.option("--email", prompt=True)
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
def create_superuser(**fields: Any) -> None:
    """Make an account that may see the admin pages."""
    try:
        checked = RegistrationSchema().load(fields)
        user = service.create_superuser(checked)
    except ValidationError as error:
        raise click.ClickException(str(error.messages)) from None
    except ApiError as error:
        raise click.ClickException(str(error.problem.get("errors"))) from None
    click.echo(f"Superuser {user.username} created.")
