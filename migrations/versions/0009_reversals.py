"""Reversals: which event each takes back; and awards that ended."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Text
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"

Ordered = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "reversals",
        Column("entry", Number, ForeignKey("entries.no"), primary_key=True, autoincrement=False),
        Column("source", Ordered, nullable=False),
        Column("id", Ordered, nullable=False),
        Column("reversed", BigInteger),
    )
    op.create_index("ix_reversals_source_id", "reversals", ["source", "id"])
    op.create_index("ix_reversals_reversed", "reversals", ["reversed"])
    op.create_table(
        "revocations",
        Column("award", Number, primary_key=True, autoincrement=False),
        Column("member", BigInteger, nullable=False),
        Column("kind", Text, nullable=False),
        Column("badge", Text, nullable=False),
        Column("tier", Text),
        Column("key", Ordered, nullable=False),
        Column("object", Text),
        Column("window", Text),
        Column("points", BigInteger, nullable=False),
        Column("entry", BigInteger, nullable=False),
        Column("time", BigInteger, nullable=False),
        Column("source", Ordered, nullable=False),
        Column("id", Ordered, nullable=False),
        Column("version", Integer, nullable=False),
        Column("posted_at", BigInteger, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("by", BigInteger, nullable=False),
        Column("reason", Text, nullable=False),
    )
    op.create_index("ix_revocations_member", "revocations", ["member", "time"])
