"""Merges: members who turned out to be another one."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Text

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "merges",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
        Column("into", BigInteger, ForeignKey("members.no"), nullable=False),
        Column("root", BigInteger, ForeignKey("members.no"), nullable=False),
        Column("entry", BigInteger, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("by", Text, nullable=False),
    )
    op.create_index("ix_merges_root", "merges", ["root"])
