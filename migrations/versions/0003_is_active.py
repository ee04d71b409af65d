"""Users can be deactivated."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With a default of its own, so that neither database copies the table.
    active = sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False)
    op.add_column("users", active)


def downgrade() -> None:
    op.drop_column("users", "is_active")
