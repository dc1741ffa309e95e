"""Assertions between the form that brings them and the browser that fetches its session for them."""

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "asserted",
        Column("hash", Text, primary_key=True),
        Column("said", Text, nullable=False),
        Column("until", BigInteger, nullable=False, index=True),
    )
