"""Users can be deactivated."""

import secrets

import sqlalchemy as sa
from alembic import op
from argon2 import PasswordHasher

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With a default of its own, so that neither database copies the table.
    active = sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False)
    op.add_column("users", active)


def downgrade() -> None:
    # An older version ignores is_active, so inactive users get a password that nobody knows.
    unknown = PasswordHasher().hash(secrets.token_urlsafe())
    users = sa.table(
        "users", sa.column("password_hash", sa.String), sa.column("is_active", sa.Boolean)
    )
    op.execute(users.update().where(sa.not_(users.c.is_active)).values(password_hash=unknown))
    op.drop_column("users", "is_active")
