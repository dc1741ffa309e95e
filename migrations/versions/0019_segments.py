"""The tiers and types that people have are listed beside a board, and so found by index as regions are."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_index("ix_present_tier", "present", ["tier"])
    op.create_index("ix_present_type", "present", ["type"])
