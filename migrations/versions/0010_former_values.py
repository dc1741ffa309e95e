"""What values were, for whoever pages through a board while it changes."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

Number = BigInteger().with_variant(Integer, "sqlite")
Ordered = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "watched_values",
        Column("no", Number, primary_key=True),
        Column("metric", Text, nullable=False),
        Column("window", Text, nullable=False),
        Column("until", BigInteger, nullable=False),
        UniqueConstraint("metric", "window"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "former_values",
        Column("no", Number, primary_key=True),
        Column("metric", Text, nullable=False),
        Column("window", Text, nullable=False),
        Column("who", BigInteger, nullable=False),
        Column("value", Ordered),
        Column("changed_at", BigInteger),
        Column("changed_source", Ordered),
        Column("changed_id", Ordered),
        Column("writer", BigInteger, nullable=False),
        Column("kept_at", BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_former_values_kept_at", "former_values", ["kept_at"])
    op.create_index("ix_former_values_who", "former_values", ["metric", "window", "who", "no"])
    ranked = ["metric", "window", text("value DESC"), "changed_at"]
    op.create_index("ix_former_values_ranked", "former_values", ranked)
