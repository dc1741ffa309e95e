"""Progress that 0006 has emptied is of an older version: everybody is folded again, as it meant to."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("UPDATE progress SET version = 1 WHERE version = 0 AND EXISTS (SELECT 1 FROM versions)")
