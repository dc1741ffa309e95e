"""The first tables, and the triggers that keep the log and the ledger as they were written."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

Number = BigInteger().with_variant(Integer, "sqlite")
Ordered = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    signals()
    directory()
    ledger()
    identity()
    if op.get_bind().dialect.name == "sqlite":
        guard_sqlite()
    else:
        guard_postgresql()


def signals() -> None:
    op.create_table(
        "notices",
        Column("id", Number, primary_key=True),
        Column("at", BigInteger, nullable=False),
        Column("topics", Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "queue",
        Column("entry", Number, primary_key=True, autoincrement=False),
        Column("member", BigInteger, index=True),
        Column("organization", BigInteger),
    )
    op.create_table(
        "refolds",
        Column("member", Number, primary_key=True, autoincrement=False),
        Column("at", BigInteger, nullable=False),
    )


def directory() -> None:
    op.create_table(
        "organizations",
        Column("no", Number, primary_key=True),
        Column("id", Ordered, nullable=False, unique=True),
        Column("created_at", BigInteger, nullable=False),
    )
    op.create_table(
        "organization_profiles",
        Column("organization", BigInteger, ForeignKey("organizations.no"), primary_key=True),
        Column("valid_from", BigInteger, primary_key=True),
        Column("name", Text, nullable=False),
        Column("type", Text),
        Column("tier", Text),
        Column("region", Text),
        Column("size", Text),
        Column("tags", Text, nullable=False, default="[]"),
    )
    op.create_table(
        "members",
        Column("no", Number, primary_key=True),
        Column("id", Ordered, nullable=False, unique=True),
        Column("created_at", BigInteger, nullable=False),
    )
    op.create_table(
        "member_profiles",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True),
        Column("valid_from", BigInteger, primary_key=True),
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
        Index("ix_member_profiles_organization", "organization"),
    )
    op.create_table(
        "present",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True),
        Column("name", Text, nullable=False),
        Column("name_folded", Ordered, nullable=False, index=True),
        Column("organization", BigInteger),
        Column("roles", Text, nullable=False),
        Column("region", Text),
        Column("tier", Text),
        Column("type", Text),
        Column("size", Text),
        Column("locale", Text),
        Column("time_zone", Text),
        Column("tags", Text, nullable=False),
        Column("listed", Boolean, nullable=False),
        Column("active", Boolean, nullable=False),
        Index("ix_present_organization", "organization"),
        Index("ix_present_region", "region"),
    )
    op.create_table(
        "profiles_due",
        Column("no", Number, primary_key=True),
        Column("due_at", BigInteger, nullable=False, index=True),
        Column("member", BigInteger, ForeignKey("members.no"), index=True),
        Column("organization", BigInteger, ForeignKey("organizations.no"), index=True),
    )
    op.create_table(
        "aliases",
        Column("alias", Ordered, primary_key=True),
        Column("member", BigInteger, ForeignKey("members.no"), nullable=False, index=True),
    )
    op.create_table(
        "deactivations",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True),
        Column("at", BigInteger, nullable=False),
        Column("by", Text, nullable=False),
        Column("reason", Text),
    )
    op.create_table(
        "assignments",
        Column("organization", BigInteger, ForeignKey("organizations.no"), primary_key=True),
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, index=True),
        Column("as", Text, primary_key=True),
    )
    op.create_table(
        "targets",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True),
        Column("goal", Text, primary_key=True),
        Column("window", Text, primary_key=True),
        Column("target", Text, nullable=False),
    )


def ledger() -> None:
    op.create_table(
        "entries",
        Column("no", Number, primary_key=True),
        Column("source", Ordered, nullable=False),
        Column("id", Ordered, nullable=False),
        Column("type", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("time", BigInteger, nullable=False),
        Column("offset", SmallInteger, nullable=False),
        Column("data", Text, nullable=False),
        Column("received_at", BigInteger, nullable=False),
        Column("known_at", BigInteger),
        Column("member", BigInteger),
        Column("organization", BigInteger),
        UniqueConstraint("source", "id"),
        Index("ix_entries_member_time", "member", "time"),
        Index("ix_entries_organization_time", "organization", "time"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "held",
        Column("entry", Number, ForeignKey("entries.no"), primary_key=True, autoincrement=False),
        Column("code", Text, nullable=False),
        Column("awaits", Ordered, nullable=False),
        Index("ix_held_awaits", "awaits", "code"),
    )
    op.create_table(
        "refused",
        Column("entry", Number, ForeignKey("entries.no"), primary_key=True, autoincrement=False),
        Column("at", BigInteger, nullable=False),
        Column("code", Text, nullable=False),
        Column("path", Text, nullable=False),
        Column("message", Text, nullable=False),
    )
    accounts = op.create_table(
        "accounts",
        Column("no", Number, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("member", BigInteger, unique=True),
        Column("balance", BigInteger),
    )
    # Accounts that many share come first and have fixed numbers.
    op.bulk_insert(accounts, [{"no": no, "kind": kind} for no, kind in enumerate(("issued", "expired", "forfeited"), 1)])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('accounts', 'no'), 99)")
    op.create_table(
        "transfers",
        Column("no", Number, primary_key=True),
        Column("member", BigInteger, nullable=False),
        Column("from_account", BigInteger, nullable=False),
        Column("to_account", BigInteger, nullable=False),
        Column("amount", BigInteger, CheckConstraint("amount > 0", name="positive"), nullable=False),
        Column("balance", BigInteger, nullable=False),
        Column("kind", Text, nullable=False),
        Column("cause", Text, nullable=False),
        Column("entry", BigInteger, nullable=False),
        Column("version", Integer, nullable=False),
        Column("at", BigInteger, nullable=False),
        Column("posted_at", BigInteger, nullable=False),
        Column("corrects", BigInteger),
        Index("ix_transfers_member_no", "member", "no"),
        Index("ix_transfers_entry", "entry"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "versions",
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("text", Text, nullable=False),
        Column("published_at", BigInteger, nullable=False),
        Column("in_force_from", BigInteger, nullable=False),
        Column("live_from", BigInteger, nullable=False),
    )
    op.create_table(
        "progress",
        Column("member", Number, primary_key=True, autoincrement=False),
        Column("version", Integer, nullable=False, index=True),
        Column("state", LargeBinary, nullable=False),
    )
    op.create_table(
        "progress_parts",
        Column("member", BigInteger, primary_key=True),
        Column("part", Ordered, primary_key=True),
        Column("content", LargeBinary, nullable=False),
    )
    op.create_table(
        "member_values",
        Column("member", BigInteger, primary_key=True),
        Column("metric", Text, primary_key=True),
        Column("window", Text, primary_key=True),
        Column("value", Ordered, nullable=False),
        Column("changed_at", BigInteger, nullable=False),
        Column("changed_source", Ordered, nullable=False),
        Column("changed_id", Ordered, nullable=False),
        Index("ix_member_values_ranked", "metric", "window", "value", "changed_at"),
    )
    op.create_table(
        "organization_parts",
        Column("organization", BigInteger, primary_key=True),
        Column("metric", Text, primary_key=True),
        Column("window", Text, primary_key=True),
        Column("member", BigInteger, primary_key=True),
        Column("parts", LargeBinary, nullable=False),
        Index("ix_organization_parts_member", "member"),
    )
    op.create_table(
        "organization_values",
        Column("organization", BigInteger, primary_key=True),
        Column("metric", Text, primary_key=True),
        Column("window", Text, primary_key=True),
        Column("value", Ordered, nullable=False),
        Column("changed_at", BigInteger, nullable=False),
        Column("changed_source", Ordered, nullable=False),
        Column("changed_id", Ordered, nullable=False),
        Index("ix_organization_values_ranked", "metric", "window", "value", "changed_at"),
    )
    op.create_table(
        "organizations_due",
        Column("no", Number, primary_key=True),
        Column("organization", BigInteger, nullable=False),
        Column("metric", Text, nullable=False),
        Column("window", Text, nullable=False),
    )
    op.create_table(
        "awards",
        Column("no", Number, primary_key=True),
        Column("member", BigInteger, nullable=False),
        Column("kind", Text, nullable=False),
        Column("badge", Text, nullable=False),
        Column("tier", Text),
        Column("key", Ordered, nullable=False),
        Column("object", Text),
        Column("window", Text),
        Column("points", BigInteger, nullable=False, default=0),
        Column("entry", BigInteger, nullable=False),
        Column("time", BigInteger, nullable=False),
        Column("source", Ordered, nullable=False),
        Column("id", Ordered, nullable=False),
        Column("version", Integer, nullable=False),
        Column("posted_at", BigInteger, nullable=False),
        Column("kept", Text),
        UniqueConstraint("member", "key"),
        Index("ix_awards_entry", "entry"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "goals_reached",
        Column("member", BigInteger, primary_key=True),
        Column("goal", Text, primary_key=True),
        Column("window", Text, primary_key=True),
        Column("entry", BigInteger, nullable=False),
        Column("at", BigInteger, nullable=False),
    )
    op.create_table(
        "set_aside",
        Column("member", Number, primary_key=True, autoincrement=False),
        Column("at", BigInteger, nullable=False),
        Column("error", Text, nullable=False),
    )
    op.create_table(
        "workers",
        Column("id", Text, primary_key=True),
        Column("started_at", BigInteger, nullable=False),
        Column("seen_at", BigInteger, nullable=False),
    )


def identity() -> None:
    op.create_table(
        "api_keys",
        Column("id", Text, primary_key=True),
        Column("name", Text, nullable=False),
        Column("hash", Text, nullable=False, unique=True),
        Column("scopes", Text, nullable=False),
        Column("sources", Text, nullable=False),
        Column("organization", BigInteger, ForeignKey("organizations.no")),
        Column("created_at", BigInteger, nullable=False),
        Column("last_used_at", BigInteger),
        Column("revoked_at", BigInteger),
    )


#: What an entry says never changes.
FIXED = ("no", "source", "id", "type", "subject", "time", "offset", "data", "received_at")
#: What a held entry gets when it is released, once.
RELEASED = ("known_at", "member", "organization")


def guard_sqlite() -> None:
    fixed = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in FIXED)
    released = " AND ".join(f'(OLD."{name}" IS NULL OR NEW."{name}" IS OLD."{name}")' for name in RELEASED)
    for name, act, when, text in (
        ("entries_changed", "UPDATE ON entries", f"WHEN NOT ({fixed} AND {released})", "an entry never changes"),
        ("entries_deleted", "DELETE ON entries", "", "an entry is never deleted"),
        ("transfers_changed", "UPDATE ON transfers", "", "a transfer never changes"),
        ("transfers_deleted", "DELETE ON transfers", "", "a transfer is never deleted"),
    ):
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} {when} BEGIN SELECT RAISE(ABORT, '{text}'); END")


def guard_postgresql() -> None:
    fixed = " AND ".join(f'NEW."{name}" IS NOT DISTINCT FROM OLD."{name}"' for name in FIXED)
    released = " AND ".join(
        f'(OLD."{name}" IS NULL OR NEW."{name}" IS NOT DISTINCT FROM OLD."{name}")' for name in RELEASED
    )
    op.execute(
        """CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$"""
    )
    for name, act, when, text in (
        ("entries_changed", "UPDATE ON entries FOR EACH ROW", f"WHEN (NOT ({fixed} AND {released}))", "an entry never changes"),
        ("entries_deleted", "DELETE ON entries FOR EACH ROW", "", "an entry is never deleted"),
        ("entries_emptied", "TRUNCATE ON entries", "", "an entry is never deleted"),
        ("transfers_changed", "UPDATE ON transfers FOR EACH ROW", "", "a transfer never changes"),
        ("transfers_deleted", "DELETE ON transfers FOR EACH ROW", "", "a transfer is never deleted"),
        ("transfers_emptied", "TRUNCATE ON transfers", "", "a transfer is never deleted"),
    ):
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} {when} EXECUTE FUNCTION refuse_change('{text}')")
