"""Boards are read by index alone: in the order in which they list, and the few that are not listed found at once."""

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.drop_index("ix_member_values_ranked", "member_values")
    op.create_index("ix_member_values_ranked", "member_values", ["metric", "window", text("value DESC"), "changed_at"])
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    hidden = text("NOT (active = 1 AND listed = 1)" if on_sqlite else "NOT (active AND listed)")
    op.create_index("ix_present_hidden", "present", ["member"], sqlite_where=hidden, postgresql_where=hidden)
