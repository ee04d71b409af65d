"""Search in one column of each task; tasks keyed by user and id; titles in order as folded.

Ids stay. Those made before this tell when a task was created to the millisecond only: lists in
the order of creation may show tasks of one millisecond in another order than before.

What the new columns hold is made by the application's own functions, so that it agrees with the
queries of the application that is installed.
"""

import unicodedata
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from taskmaster.tasks.search import search_columns

ID = sa.Uuid(as_uuid=False).with_variant(sa.String(36), "sqlite")
TITLE = sa.String(length=100)
OLD_TITLE = TITLE.with_variant(sa.String(length=100, collation="C"), "postgresql")
TITLE_KEY = sa.String(length=200).with_variant(sa.String(200, collation="C"), "postgresql")
WORD = sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql")
BATCH = 500

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

tasks = sa.table(
    "tasks",
    sa.column("id", ID),
    sa.column("user_id", ID),
    sa.column("title", TITLE),
    sa.column("description", sa.Text()),
    sa.column("title_key", TITLE_KEY),
    sa.column("search_text", sa.Text()),
)


def upgrade() -> None:
    op.drop_table("task_words")
    op.drop_index("ix_tasks_date_created", "tasks")
    op.drop_index("ix_tasks_title", "tasks")
    op.drop_index("ix_tasks_status", "tasks")
    op.add_column("tasks", sa.Column("title_key", TITLE_KEY, nullable=False, server_default=""))
    op.add_column("tasks", sa.Column("search_text", sa.Text(), nullable=False, server_default=""))
    fill = (
        sa.update(tasks)
        .where(tasks.c.id == sa.bindparam("of_id"))
        .values(title_key=sa.bindparam("title_key"), search_text=sa.bindparam("search_text"))
    )
    for rows in () if _is_script() else _batches():
        op.get_bind().execute(
            fill, [{"of_id": row.id, **search_columns(row._mapping)} for row in rows]
        )
    with op.batch_alter_table("tasks") as batch:
        batch.alter_column("title_key", existing_type=TITLE_KEY, server_default=None)
        batch.alter_column("search_text", existing_type=sa.Text(), server_default=None)
        batch.alter_column("title", existing_type=OLD_TITLE, type_=TITLE, existing_nullable=False)
        batch.drop_constraint("pk_tasks", type_="primary")
        batch.create_primary_key("pk_tasks", ["user_id", "id"])
    op.create_index("ix_tasks_title", "tasks", ["user_id", "title_key", "id"])
    op.create_index("ix_tasks_status", "tasks", ["user_id", "status_task", "id"])


def downgrade() -> None:
    op.drop_index("ix_tasks_title", "tasks")
    op.drop_index("ix_tasks_status", "tasks")
    with op.batch_alter_table("tasks") as batch:
        batch.drop_column("title_key")
        batch.drop_column("search_text")
        batch.alter_column("title", existing_type=TITLE, type_=OLD_TITLE, existing_nullable=False)
        batch.drop_constraint("pk_tasks", type_="primary")
        batch.create_primary_key("pk_tasks", ["id"])
    op.create_index("ix_tasks_date_created", "tasks", ["user_id", "date_created", "id"])
    op.create_index("ix_tasks_status", "tasks", ["user_id", "status_task", "date_created", "id"])
    op.create_index("ix_tasks_title", "tasks", ["user_id", "title", "id"])
    task_words = op.create_table(
        "task_words",
        sa.Column("user_id", ID, nullable=False),
        sa.Column("word", WORD, nullable=False),
        sa.Column("task_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_task_words_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "word", "task_id", name=op.f("pk_task_words")),
        sqlite_with_rowid=False,
    )
    for rows in _batches():
        found = [
            {"user_id": row.user_id, "word": word, "task_id": row.id}
            for row in rows
            for word in _old_words(f"{row.title} {row.description}")
        ]
        if found:
            op.bulk_insert(task_words, found)


def _is_script() -> bool:
    """Tell whether this writes SQL, which cannot fold texts: it is for databases without tasks."""
    if not op.get_context().as_sql:
        return False
    op.execute("DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM tasks), 'run flask db upgrade'; END $$")
    return True


def _batches() -> Iterator[list[sa.Row]]:
    """Return all tasks, some at a time."""
    columns = (tasks.c.id, tasks.c.user_id, tasks.c.title, tasks.c.description)
    statement = sa.select(*columns).order_by(tasks.c.id).limit(BATCH)
    last = "00000000-0000-0000-0000-000000000000"
    while rows := op.get_bind().execute(statement.where(tasks.c.id > last)).all():
        yield rows
        last = rows[-1].id


def _old_words(text: str) -> set[str]:
    """Return the words of a text as the application of revision 0001 wrote them."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = folded.replace("i\u0307", "i").replace("\u0131", "i")
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in folded)
    return {word[:200] for word in "".join(kept).split()}
