"""SCIM: the members that it made, and their groups."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Text, text
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

Ordered = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "scim_users",
        Column("no", Number, primary_key=True),
        Column("id", Ordered, nullable=False, unique=True),
        Column("member", BigInteger, ForeignKey("members.no"), nullable=False),
        Column("owner", BigInteger, ForeignKey("organizations.no")),
        Column("name_folded", Ordered, nullable=False),
        Column("external_id", Ordered),
        Column("resource", Text, nullable=False),
        Column("granted", Text, nullable=False),
        Column("awaits", Ordered),
        Column("created_at", BigInteger, nullable=False),
        Column("modified_at", BigInteger, nullable=False),
        Column("version", Integer, nullable=False),
        Column("deleted_at", BigInteger),
    )
    living, awaiting = text("deleted_at IS NULL"), text("awaits IS NOT NULL")
    op.create_index(
        "ix_scim_users_name_folded",
        "scim_users",
        ["name_folded"],
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
    op.create_index(
        "ix_scim_users_awaits", "scim_users", ["awaits"], sqlite_where=awaiting, postgresql_where=awaiting
    )
    for column in ("member", "owner", "external_id"):
        op.create_index(f"ix_scim_users_{column}", "scim_users", [column])
    op.create_table(
        "scim_groups",
        Column("no", Number, primary_key=True),
        Column("id", Ordered, nullable=False, unique=True),
        Column("owner", BigInteger, ForeignKey("organizations.no")),
        Column("name", Text, nullable=False),
        Column("name_folded", Ordered, nullable=False),
        Column("external_id", Ordered),
        Column("created_at", BigInteger, nullable=False),
        Column("modified_at", BigInteger, nullable=False),
        Column("version", Integer, nullable=False),
    )
    for column in ("owner", "name_folded", "external_id"):
        op.create_index(f"ix_scim_groups_{column}", "scim_groups", [column])
    op.create_table(
        "scim_group_members",
        Column("group", BigInteger, ForeignKey("scim_groups.no"), primary_key=True),
        Column("user", BigInteger, ForeignKey("scim_users.no"), primary_key=True),
    )
    op.create_index("ix_scim_group_members_user", "scim_group_members", ["user"])
