"""How members have arranged their homepages."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Text

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "arrangements",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
        Column("placed", Text, nullable=False),
        Column("hidden", Text, nullable=False),
        Column("added", Text, nullable=False),
        Column("changed_at", BigInteger, nullable=False),
    )
