"""The database is made by migrations, the same way on SQLite and on PostgreSQL, and keeps what was written to it."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from hub.cli.db import differences
from hub.db import NotMigrated, newest_migration, reader, require_migrated, transaction
from tests.app import started

ENTRY = """INSERT INTO entries (source, id, type, subject, time, "offset", data, received_at)
           VALUES ('crm', 'w-1', 'deal.won', 'bo', 1, 60, '{}', 2)"""
TRANSFER = """INSERT INTO transfers (member, from_account, to_account, amount, balance, kind, cause, entry, version,
                                     at, posted_at)
              VALUES (1, 1, 2, 120, 120, 'points', 'rule', 1, 1, 1, 2)"""


def run(*statements: str) -> None:
    with transaction() as connection:
        for statement in statements:
            connection.execute(text(statement))


def count(table: str) -> int:
    with reader() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_migrations_make_the_tables_that_the_code_expects(empty_database_url: str, tmp_path: Path) -> None:
    for _ in started(empty_database_url, tmp_path):
        with pytest.raises(NotMigrated, match="hub db upgrade"):
            require_migrated()
        assert differences() == []
        require_migrated()


@pytest.mark.usefixtures("app")
def test_migrating_again_changes_nothing() -> None:
    assert differences() == []
    with reader() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [
            newest_migration()
        ]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "what", ["data = '[]'", "time = 9", "id = 'w-2'", "subject = 'cy'", '"offset" = 0', "received_at = 1"]
)
def test_an_entry_of_the_log_never_changes(what: str) -> None:
    run(ENTRY)
    with pytest.raises(DatabaseError, match="an entry never changes"):
        run(f"UPDATE entries SET {what}")


@pytest.mark.usefixtures("app")
def test_a_held_entry_is_released_once() -> None:
    run(ENTRY, "UPDATE entries SET known_at = 5, member = 7, organization = 3")
    for tampered in ("known_at = 6", "member = 8", "organization = 4", "known_at = NULL", "member = NULL"):
        with pytest.raises(DatabaseError, match="an entry never changes"):
            run(f"UPDATE entries SET {tampered}")


@pytest.mark.usefixtures("app")
def test_a_release_changes_nothing_else() -> None:
    run(ENTRY)
    with pytest.raises(DatabaseError, match="an entry never changes"):
        run("UPDATE entries SET known_at = 5, member = 7, data = '[]'")


def test_an_entry_is_never_deleted_nor_replaced(app: Flask) -> None:
    run(ENTRY)
    replacing = (
        [ENTRY.replace("INSERT", "INSERT OR REPLACE")] if "sqlite" in str(app.config["SQLALCHEMY_DATABASE_URI"]) else []
    )
    emptying = ["DELETE FROM entries", *(replacing or ["TRUNCATE entries CASCADE"])]
    for statement in emptying:
        with pytest.raises(DatabaseError, match="an entry is never deleted"):
            run(statement)
    assert count("entries") == 1


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "act", ["UPDATE transfers SET amount = 121", "UPDATE transfers SET corrects = 1", "DELETE FROM transfers"]
)
def test_a_transfer_stays_as_it_was_posted(act: str) -> None:
    run(TRANSFER)
    with pytest.raises(DatabaseError, match=r"a transfer (never changes|is never deleted)"):
        run(act)
    assert count("transfers") == 1


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("amount", [0, -5])
def test_a_transfer_moves_a_positive_amount(amount: int) -> None:
    with pytest.raises(DatabaseError):
        run(TRANSFER.replace("120, 120", f"{amount}, 120"))
