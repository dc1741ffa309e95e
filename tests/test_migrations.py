"""The database is made by migrations, the same way on SQLite and on PostgreSQL, and keeps what was written to it."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as Alembic
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from hub import clock
from hub.cli.db import differences
from hub.db import MIGRATIONS, NotMigrated, newest_migration, reader, require_migrated, transaction
from hub.directory import lookup, members, organizations, profiles, targets
from hub.directory.members import MemberProfile, MemberRecord
from hub.ledger import reading, replay
from tests.app import started
from tests.club import Club

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


def upgrade(revision: str) -> None:
    alembic(command.upgrade, revision)


def alembic(act: Callable[[Alembic, str], object], revision: str) -> None:
    with transaction() as connection:
        settings = Alembic(attributes={"connection": connection})
        settings.set_main_option("script_location", str(MIGRATIONS))
        act(settings, revision)


#: Acme is known from 1 on, Bo from 10, Ada from 20; Ada has left at 30.
BEFORE_KNOWLEDGE = (
    "INSERT INTO organizations (no, id, created_at) VALUES (1, 'acme', 1)",
    "INSERT INTO members (no, id, created_at) VALUES (1, 'bo', 10), (2, 'ada', 20)",
    """INSERT INTO organization_profiles (organization, valid_from, name, tier, tags)
       VALUES (1, 5, 'Acme', 'silver', '["new"]'), (1, 0, 'Acme', 'gold', '[]')""",
    """INSERT INTO member_profiles
              (member, valid_from, name, email, organization, roles, time_zone, tags, title, listed)
       VALUES (1, 0, 'Bo', 'bo@acme.example', 1, '["sales_rep"]', 'Europe/Berlin', '[]', 'Rep', true),
              (2, 0, 'Ada', NULL, 1, '[]', NULL, '[]', NULL, false)""",
    """INSERT INTO targets (member, goal, "window", target) VALUES (1, 'revenue', '2026', '50000.5')""",
    """INSERT INTO deactivations (member, at, "by", reason) VALUES (2, 30, 'operator', 'left')""",
)


def test_what_the_directory_held_it_then_knows_since_it_knew_whom_it_is_about(
    empty_database_url: str, tmp_path: Path
) -> None:
    for _ in started(empty_database_url, tmp_path):
        upgrade("0004")
        run(*BEFORE_KNOWLEDGE)
        upgrade("head")
        with reader() as connection:
            assert {time: set(profiles.timelines(connection, [1, 2], time)) for time in (10, 11, 20, 21)} == {
                10: set(),
                11: {1},
                20: {1},
                21: {1, 2},
            }
            told = profiles.timelines(connection, [1, 2])
            assert [told[1].at(time).values["tier"] for time in (0, 5)] == ["gold", "silver"]
            assert (told[1].at(5).time_zone, told[1].at(5).values["tag"]) == ("Europe/Berlin", ("new",))
            assert [told[no].at(0).listed for no in (1, 2)] == [True, False]
            assert "tier" not in profiles.of_organization(connection, 1, 1).at(0).values
            whole = MemberProfile("Bo", "bo@acme.example", "acme", ("sales_rep",), "Europe/Berlin", title="Rep")
            assert members.profile_at(connection, 1, 0) == whole
            own = {time: targets.own(connection, [1, 2], time) for time in (10, None)}
            assert own == {10: {}, None: {1: {("revenue", "2026"): Decimal("50000.5")}}}
            active = {time: lookup.active(connection, [1, 2], time) for time in (30, 31, None)}
            assert active == {30: {1, 2}, 31: {1}, None: {1}}


def test_a_migrated_directory_goes_on(empty_database_url: str, tmp_path: Path) -> None:
    for _ in started(empty_database_url, tmp_path):
        upgrade("0004")
        run(*BEFORE_KNOWLEDGE)
        upgrade("head")
        now = clock.now()
        with transaction() as connection:
            changed = members.upsert(connection, [MemberRecord("bo", MemberProfile("Bo Lind"), (), now)], now)
            assert members.reactivate(connection, 2, now) == ["ada"]
            assert [outcome.status for outcome in changed.outcomes] == ["accepted"]
            assert profiles.timelines(connection, [1], now)[1].at(now).organization == 1
            assert profiles.timelines(connection, [1])[1].at(now).organization is None
            silver = organizations.profile_at(connection, 1, 5)
            assert silver
            assert silver.tags == ("new",)


def test_progress_that_was_emptied_on_the_way_is_folded_again(club: Club) -> None:
    club.happens("bo", "deal.won", amount=100_000, deal="d-1")
    run("UPDATE progress SET version = 0, state = ''")  # as 0006 does
    alembic(command.stamp, "0017")
    upgrade("0018")
    club.happens("bo", "deal.won", amount=200_000, deal="d-1")
    with club.looks("bo") as view:
        points = reading.points(view.connection, view.version, club.numbers["bo"], view.now)
    assert (points.balance, points.earned) == (1_000, 1_000), "a deal is paid for once"
    assert list(replay.differences()) == []
