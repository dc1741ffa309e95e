"""The directory remembers what it knew when: profiles, targets and deactivations stay when others take their place."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Text, text

revision = "0005"
down_revision = "0004"

Number = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    organization_profiles()
    member_profiles()
    targets()
    deactivations()


def organization_profiles() -> None:
    told = ("organization", "valid_from", "name", "type", "tier", "region", "size", "tags")
    set_aside("organization_profiles")
    op.create_table(
        "organization_profiles",
        Column("no", Number, primary_key=True),
        Column("organization", BigInteger, ForeignKey("organizations.no"), nullable=False),
        Column("valid_from", BigInteger, nullable=False),
        Column("name", Text, nullable=False),
        Column("type", Text),
        Column("tier", Text),
        Column("region", Text),
        Column("size", Text),
        Column("tags", Text, nullable=False, default="[]"),
        Column("recorded_at", BigInteger, nullable=False),
        Column("superseded_at", BigInteger),
        *now_and_before("organization_profiles", "organization", "valid_from"),
    )
    take_back("organization_profiles", told, since="organizations")


def member_profiles() -> None:
    told = ("member", "valid_from", "name", "email", "organization", "roles", "time_zone", "locale", "region", "tags")
    set_aside("member_profiles")
    op.create_table(
        "member_profiles",
        Column("no", Number, primary_key=True),
        Column("member", BigInteger, ForeignKey("members.no"), nullable=False),
        Column("valid_from", BigInteger, nullable=False),
        Column("name", Text, nullable=False),
        Column("email", Text),
        Column("organization", BigInteger, ForeignKey("organizations.no")),
        Column("roles", Text, nullable=False, default="[]"),
        Column("time_zone", Text),
        Column("locale", Text),
        Column("region", Text),
        Column("tags", Text, nullable=False, default="[]"),
        Column("phone", Text),
        Column("title", Text),
        Column("listed", Boolean, nullable=False, default=True),
        Column("recorded_at", BigInteger, nullable=False),
        Column("superseded_at", BigInteger),
        *now_and_before("member_profiles", "member", "valid_from"),
        Index("ix_member_profiles_organization", "organization"),
    )
    take_back("member_profiles", (*told, "phone", "title", "listed"), since="members")


def targets() -> None:
    told = ("member", "goal", "window", "target")
    set_aside("targets")
    op.create_table(
        "targets",
        Column("no", Number, primary_key=True),
        Column("member", BigInteger, ForeignKey("members.no"), nullable=False),
        Column("goal", Text, nullable=False),
        Column("window", Text, nullable=False),
        Column("target", Text, nullable=False),
        Column("recorded_at", BigInteger, nullable=False),
        Column("superseded_at", BigInteger),
        *now_and_before("targets", "member", "goal", "window"),
    )
    take_back("targets", told, since="members")


def deactivations() -> None:
    set_aside("deactivations")
    op.create_table(
        "deactivations",
        Column("no", Number, primary_key=True),
        Column("member", BigInteger, ForeignKey("members.no"), nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("by", Text, nullable=False),
        Column("reason", Text),
        Column("ended_at", BigInteger),
        *now_and_before("deactivations", "member", until="ended_at"),
    )
    take_back("deactivations", ("member", "at", "by", "reason"))


def now_and_before(table: str, *key: str, until: str = "superseded_at") -> tuple[Index, Index]:
    now, before = text(f"{until} IS NULL"), text(f"{until} IS NOT NULL")
    return (
        Index(f"ix_{table}_now", *key, unique=True, sqlite_where=now, postgresql_where=now),
        Index(f"ix_{table}_before", key[0], sqlite_where=before, postgresql_where=before),
    )


def set_aside(table: str) -> None:
    """Copy the rows and drop the table: renamed, it would keep the names of its indexes from the new one."""
    op.execute(f"CREATE TABLE aside AS SELECT * FROM {table}")
    op.drop_table(table)


def take_back(table: str, columns: tuple[str, ...], since: str | None = None) -> None:
    """Put the rows into the new table. When each was recorded was not written down: `since` its owner was."""
    told = [f'"{name}"' for name in columns]
    into, values = told, [f"aside.{name}" for name in told]
    owners = ""
    if since:
        into, values = [*told, "recorded_at"], [*values, f"{since}.created_at"]
        owners = f"JOIN {since} ON {since}.no = aside.{told[0]}"
    order = ", ".join(values[:2])
    op.execute(
        f"INSERT INTO {table} ({', '.join(into)}) SELECT {', '.join(values)} FROM aside {owners} ORDER BY {order}"
    )
    op.drop_table("aside")
