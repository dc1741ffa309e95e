"""Preferences: what members chose for themselves."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Text

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "preferences",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
        Column("time_zone", Text),
        Column("locale", Text),
        Column("unlisted", Boolean, nullable=False),
        Column("quiet", Boolean, nullable=False),
        Column("changed_at", BigInteger, nullable=False),
    )
