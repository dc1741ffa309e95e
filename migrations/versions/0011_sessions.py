"""Who is signed in: a record that can be ended, where there was only a cookie."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Text

revision = "0011"
down_revision = "0010"

Number = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "sessions",
        Column("no", Number, primary_key=True),
        Column("hash", Text, nullable=False, unique=True),
        Column("member", BigInteger, ForeignKey("members.no"), nullable=False, index=True),
        Column("opened_at", BigInteger, nullable=False),
        Column("seen_at", BigInteger, nullable=False),
        Column("last_deactivation", BigInteger, nullable=False),
        Column("device", Text, nullable=False),
        Column("via", Text, nullable=False),
        Column("issuer", Text),
        Column("subject", Text),
        Column("provider_session", Text),
        Column("id_token", Text),
        sqlite_autoincrement=True,
    )
