"""The replies kept for a user's idempotency keys have a bound."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # With a default of its own, so that neither database copies the table.
    so_far = sa.Column("bytes_so_far", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("idempotency_keys", so_far)
    op.create_index("ix_idempotency_keys_bytes", "idempotency_keys", ["user_id", "bytes_so_far"])


def downgrade() -> None:
    op.drop_index("ix_idempotency_keys_bytes", "idempotency_keys")
    op.drop_column("idempotency_keys", "bytes_so_far")
