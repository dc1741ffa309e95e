"""A version knows its place in the log: which entries came before it was published."""

from alembic import op
from sqlalchemy import BigInteger, Column

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("versions", Column("after", BigInteger, nullable=False, server_default="0"))
