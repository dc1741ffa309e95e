"""The directory's tables. Members and organizations have a number (ours, small) and an id (theirs, any text)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text, and_, not_

from hub.db import Ordered, db
from hub.signals import Number

organizations = Table(
    "organizations",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("id", Ordered, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)

#: A row is the whole profile from `valid_from` on; an organization's first row also covers all time before it.
organization_profiles = Table(
    "organization_profiles",
    db.metadata,
    Column("organization", BigInteger, ForeignKey("organizations.no"), primary_key=True),
    Column("valid_from", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("type", Text),
    Column("tier", Text),
    Column("region", Text),
    Column("size", Text),
    Column("tags", Text, nullable=False, default="[]"),  # a JSON list
)

members = Table(
    "members",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("id", Ordered, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)

member_profiles = Table(
    "member_profiles",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True),
    Column("valid_from", BigInteger, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("organization", BigInteger, ForeignKey("organizations.no")),
    Column("roles", Text, nullable=False, default="[]"),  # a JSON list
    Column("time_zone", Text),
    Column("locale", Text),
    Column("region", Text),
    Column("tags", Text, nullable=False, default="[]"),  # a JSON list
    Column("phone", Text),
    Column("title", Text),
    Column("listed", Boolean, nullable=False, default=True),
    Index("ix_member_profiles_organization", "organization"),
)

#: Each member's profile in force now, with what it has not set taken from its organization: what boards and pages
#: filter by. Kept by the directory in the transaction that changes a profile.
present = Table(
    "present",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_folded", Ordered, nullable=False, index=True),  # without case: what people are searched by
    Column("organization", BigInteger),
    Column("roles", Text, nullable=False),  # "|sales_rep|marketing|": a role is found as "|role|"
    Column("region", Text),
    Column("tier", Text),
    Column("type", Text),
    Column("size", Text),
    Column("locale", Text),
    Column("time_zone", Text),
    Column("tags", Text, nullable=False),  # as `roles`
    Column("listed", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Index("ix_present_organization", "organization"),
    Index("ix_present_region", "region"),
)

#: The few that no board lists. To count who stands on a board, they are found and left out.
HIDDEN = not_(and_(present.c.active, present.c.listed))
Index("ix_present_hidden", present.c.member, sqlite_where=HIDDEN, postgresql_where=HIDDEN)

#: Profiles dated ahead: when `present` must follow them, for a member or for all members of an organization.
profiles_due = Table(
    "profiles_due",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("due_at", BigInteger, nullable=False, index=True),
    Column("member", BigInteger, ForeignKey("members.no"), index=True),
    Column("organization", BigInteger, ForeignKey("organizations.no"), index=True),
)

aliases = Table(
    "aliases",
    db.metadata,
    Column("alias", Ordered, primary_key=True),
    Column("member", BigInteger, ForeignKey("members.no"), nullable=False, index=True),
)

deactivations = Table(
    "deactivations",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text),
)

#: Who of the vendor looks after an organization, and as what (field_team, support_team...).
assignments = Table(
    "assignments",
    db.metadata,
    Column("organization", BigInteger, ForeignKey("organizations.no"), primary_key=True),
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, index=True),
    Column("as", Text, primary_key=True),
)

#: A member's own target of a goal in a window; `target` is an exact number as text.
targets = Table(
    "targets",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True),
    Column("goal", Text, primary_key=True),
    Column("window", Text, primary_key=True),
    Column("target", Text, nullable=False),
)
