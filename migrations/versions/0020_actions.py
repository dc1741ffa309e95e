"""Actions that members put off or do not want, and on how many days one was shown."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Text

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "hidden_actions",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
        Column("action", Text, primary_key=True),
        Column("at", BigInteger, nullable=False),
        Column("until", BigInteger),
        Column("reason", Text),
    )
    op.create_table(
        "shown_actions",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
        Column("action", Text, primary_key=True),
        Column("opened", BigInteger, nullable=False),
        Column("days", Integer, nullable=False),
        Column("day", Integer, nullable=False),
    )
