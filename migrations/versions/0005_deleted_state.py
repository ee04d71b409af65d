"""A deletion keeps how the task was, so that an old task can be restored too."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("state", sa.Text()))


def downgrade() -> None:
    op.drop_column("events", "state")
