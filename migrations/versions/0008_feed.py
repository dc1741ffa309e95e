"""What digests did, in the order in which they wrote it, for systems that react to it."""

from alembic import op
from sqlalchemy import BigInteger, Column, LargeBinary

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "feed",
        Column("ticket", BigInteger, primary_key=True),
        Column("first", BigInteger, primary_key=True),
        Column("member", BigInteger, nullable=False),
        Column("posted_at", BigInteger, nullable=False),
        Column("effects", LargeBinary, nullable=False),
    )
