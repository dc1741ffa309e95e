"""What was answered under an idempotency key, so that the same request does nothing twice."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, SmallInteger, Text
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

Ordered = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        Column("api_key", Text, ForeignKey("api_keys.id"), primary_key=True),
        Column("key", Ordered, primary_key=True),
        Column("hash", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("entry", BigInteger),
        Column("status", SmallInteger),
        Column("media", Text),
        Column("answer", Text),
    )
    op.create_index("ix_kept_answers_at", "kept_answers", ["at"])
