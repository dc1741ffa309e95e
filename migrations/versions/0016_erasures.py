"""Erasures: people of whom only the number stays. While one is going on, its transaction may change log and ledger."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Text
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

Ordered = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

#: What an entry says that never changes, and what a held one gets when it is released, once.
FIXED = ("no", "source", "type", "time", "offset", "received_at")
RELEASED = ("known_at", "member", "organization")
#: What an erasure may take out of an entry, and of a transfer all but its cause.
TOLD = ("id", "subject", "data")
TRANSFER = (
    "no", "member", "from_account", "to_account", "amount", "balance", "kind", "entry", "version", "at", "posted_at",
    "corrects",
)  # fmt: skip
ERASING = "EXISTS (SELECT 1 FROM erasures WHERE finished_at IS NULL)"


def upgrade() -> None:
    op.create_table(
        "erasures",
        Column("member", BigInteger, ForeignKey("members.no"), primary_key=True, autoincrement=False),
        Column("at", BigInteger, nullable=False),
        Column("by", Text, nullable=False),
        Column("finished_at", BigInteger),
    )
    op.create_table("erased_names", Column("fingerprint", Ordered, primary_key=True))
    if op.get_bind().dialect.name == "sqlite":
        guard_sqlite()
    else:
        guard_postgresql()


def guard_sqlite() -> None:
    for name, table, fixed, told, text in guards("IS"):
        op.execute(f"DROP TRIGGER {name}")
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} WHEN NOT ({fixed} AND ({told} OR {ERASING})) "
            f"BEGIN SELECT RAISE(ABORT, '{text}'); END"
        )


def guard_postgresql() -> None:
    # A trigger's condition cannot ask a table; its function can.
    for name, table, fixed, told, text in guards("IS NOT DISTINCT FROM"):
        op.execute(
            f"""CREATE FUNCTION refuse_{name}() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN
                IF {fixed} AND {ERASING} THEN RETURN NEW; END IF;
                RAISE EXCEPTION '{text}' USING ERRCODE = 'integrity_constraint_violation';
            END $$"""
        )
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN (NOT ({fixed} AND {told})) "
            f"EXECUTE FUNCTION refuse_{name}()"
        )


def guards(same: str) -> list[tuple[str, str, str, str, str]]:
    """Trigger, table, what never changes, what only an erasure changes, what is said."""

    def unchanged(*names: str) -> str:
        return " AND ".join(f'NEW."{name}" {same} OLD."{name}"' for name in names)

    released = " AND ".join(f'(OLD."{name}" IS NULL OR NEW."{name}" {same} OLD."{name}")' for name in RELEASED)
    return [
        (
            *("entries_changed", "entries", f"({unchanged(*FIXED)}) AND {released}"),
            *(f"({unchanged(*TOLD)})", "an entry never changes"),
        ),
        (
            *("transfers_changed", "transfers", f"({unchanged(*TRANSFER)})"),
            *(f"({unchanged('cause')})", "a transfer never changes"),
        ),
    ]
