"""Who is who at the providers of single sign-on, and what they have shown."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Text
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"

Ordered = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "identities",
        Column("issuer", Ordered, primary_key=True),
        Column("subject", Ordered, primary_key=True),
        Column("member", BigInteger, ForeignKey("members.no"), nullable=False, index=True),
        Column("via", Text, nullable=False),
        Column("linked_at", BigInteger, nullable=False),
    )
    op.create_table(
        "used_once",
        Column("issuer", Ordered, primary_key=True),
        Column("id", Ordered, primary_key=True),
        Column("until", BigInteger, nullable=False, index=True),
    )
