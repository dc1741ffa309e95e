"""The directory's tables. Members and organizations have a number (ours, small) and an id (theirs, any text).

Profiles, targets and deactivations are never overwritten: what the hub knew at some instant can be read for ever. A row
is known from `recorded_at`, by the hub's clock, until `superseded_at`; null: it is what the hub knows now.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Table, Text, and_, not_, text

from hub.db import Ordered, db
from hub.signals import Number


def _now_and_before(table: str, *key: str, until: str = "superseded_at") -> tuple[Index, Index]:
    """Of each key there is one row that is not over; what is known now is found without what was known before."""
    now, before = text(f"{until} IS NULL"), text(f"{until} IS NOT NULL")
    return (
        Index(f"ix_{table}_now", *key, unique=True, sqlite_where=now, postgresql_where=now),
        Index(f"ix_{table}_before", key[0], sqlite_where=before, postgresql_where=before),
    )


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
    Column("no", Number, primary_key=True),
    Column("organization", BigInteger, ForeignKey("organizations.no"), nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("type", Text),
    Column("tier", Text),
    Column("region", Text),
    Column("size", Text),
    Column("tags", Text, nullable=False, default="[]"),  # a JSON list
    Column("recorded_at", BigInteger, nullable=False),
    Column("superseded_at", BigInteger),
    *_now_and_before("organization_profiles", "organization", "valid_from"),
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
    Column("no", Number, primary_key=True),
    Column("member", BigInteger, ForeignKey("members.no"), nullable=False),
    Column("valid_from", BigInteger, nullable=False),
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
    Column("recorded_at", BigInteger, nullable=False),
    Column("superseded_at", BigInteger),
    *_now_and_before("member_profiles", "member", "valid_from"),
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
    Index("ix_present_tier", "tier"),
    Index("ix_present_type", "type"),
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

#: What members chose for themselves, each for herself.
preferences = Table(
    "preferences",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
    Column("time_zone", Text),
    Column("locale", Text),
    Column("unlisted", Boolean, nullable=False),
    Column("quiet", Boolean, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

#: Members who turned out to be another one, since an entry of the log. `into` is who that was then, `root` who it is by
#: now: that one may have been merged too.
merges = Table(
    "merges",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
    Column("into", BigInteger, ForeignKey("members.no"), nullable=False),
    Column("root", BigInteger, ForeignKey("members.no"), nullable=False, index=True),
    Column("entry", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
)

#: Members who were erased. As long as one is not finished, the transaction that it is in may change the log.
erasures = Table(
    "erasures",
    db.metadata,
    Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("finished_at", BigInteger),
)

#: Of each name of somebody who was erased a SHA-256: by it what is sent about her again is known.
erased_names = Table("erased_names", db.metadata, Column("fingerprint", Ordered, primary_key=True))

#: A member has no part in the hub from `at` until `ended_at`; null: it still has none.
deactivations = Table(
    "deactivations",
    db.metadata,
    Column("no", Number, primary_key=True),
    Column("member", BigInteger, ForeignKey("members.no"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text),
    Column("ended_at", BigInteger),
    *_now_and_before("deactivations", "member", until="ended_at"),
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
    Column("no", Number, primary_key=True),
    Column("member", BigInteger, ForeignKey("members.no"), nullable=False),
    Column("goal", Text, nullable=False),
    Column("window", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("superseded_at", BigInteger),
    *_now_and_before("targets", "member", "goal", "window"),
)
