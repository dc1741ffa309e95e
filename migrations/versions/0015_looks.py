"""What each member has been told of what she earned."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Text

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "looks",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
        Column("at", BigInteger, nullable=False),
        Column("award", BigInteger, nullable=False),
        Column("transfer", BigInteger, nullable=False),
        Column("goals", Text, nullable=False),
    )
