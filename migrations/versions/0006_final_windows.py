"""Goals and boards of final windows are kept as they were; goals keep what reached them, and the greatest value."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

_TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    # A projection: everybody is folded again, and it is written anew.
    op.drop_table("goals_reached")
    op.create_table(
        "goals_reached",
        sa.Column("member", sa.BigInteger(), primary_key=True),
        sa.Column("goal", sa.Text(), primary_key=True),
        sa.Column("window", sa.Text(), primary_key=True),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("badge", sa.Text()),
    )
    op.create_table(
        "goal_peaks",
        sa.Column("member", sa.BigInteger(), primary_key=True),
        sa.Column("goal", sa.Text(), primary_key=True),
        sa.Column("window", sa.Text(), primary_key=True),
        sa.Column("peak", _TEXT, nullable=False),
    )
    op.create_table(
        "finals",
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("window", sa.Text(), primary_key=True),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.Column("final_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "final_boards",
        sa.Column("leaderboard", sa.Text(), primary_key=True),
        sa.Column("window", sa.Text(), primary_key=True),
        sa.Column("among", _TEXT, primary_key=True),
        sa.Column("who", sa.BigInteger(), primary_key=True),
        sa.Column("position", sa.Integer()),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("value", _TEXT, nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_source", _TEXT, nullable=False),
        sa.Column("changed_id", _TEXT, nullable=False),
    )
    op.create_index("ix_final_boards_position", "final_boards", ["leaderboard", "window", "among", "position"])
    op.create_index("ix_final_boards_value", "final_boards", ["leaderboard", "window", "among", "value", "position"])
    op.create_table(
        "final_goals",
        sa.Column("member", sa.BigInteger(), primary_key=True),
        sa.Column("goal", sa.Text(), primary_key=True),
        sa.Column("window", sa.Text(), primary_key=True),
        sa.Column("value", _TEXT),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
    )
    op.create_index("ix_final_goals_goal", "final_goals", ["goal", "window"])
    op.execute(sa.text("UPDATE progress SET version = 0, state = :nothing").bindparams(sa.bindparam("nothing", b"")))
