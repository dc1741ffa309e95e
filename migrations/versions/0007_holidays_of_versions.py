"""A version keeps the dates of its public holidays."""

from alembic import op
from sqlalchemy import Column, Text

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("versions", Column("holidays", Text))
