"""Who follows notices reads each of them, whatever order their transactions commit in."""

import time

import pytest
from flask import Flask
from sqlalchemy import Connection, insert, text

from hub.clock import MINUTE, SECOND
from hub.db import db, on_sqlite, transaction
from hub.signals import EVERYTHING, GAPS_KEPT, Changes, Follower, forget, notices, polling, publish, since

pytestmark = pytest.mark.usefixtures("app")

NOW = 1_795_000_000 * SECOND


@pytest.fixture
def telling():
    """Follow what is published while the test runs."""
    with polling() as connection:
        follower = Follower(connection)
        connection.rollback()
        yield lambda now=NOW: _read(connection, follower, now)


def _read(connection: Connection, follower: Follower, now: int) -> tuple[set[str], int]:
    topics = follower.read(connection, now)
    connection.rollback()
    return topics, follower.cursor


def tell(*topics: str, at: int = NOW) -> None:
    with transaction() as connection:
        publish(connection, topics, at)


@pytest.fixture
def only_postgresql(app: Flask) -> None:
    if app.config["HUB"].database_url.get_backend_name() != "postgresql":
        pytest.skip("SQLite has one writer at a time")


def open_writer(topic: str) -> Connection:
    """A writer that has published and does not commit yet."""
    writer = db.engine.connect()
    writer.begin()
    publish(writer, [topic], NOW)
    return writer


def test_each_notice_is_read_once(telling) -> None:
    tell("points/1", "badges/1")
    tell("points/2")
    assert telling() == ({"points/1", "badges/1", "points/2"}, 2)
    assert telling() == (set(), 2)


def test_what_was_told_before_is_not_read() -> None:
    tell("points/1")
    with polling() as connection:
        assert Follower(connection).read(connection, NOW) == set()


def test_a_notice_rolled_back_is_never_read(telling) -> None:
    writer = open_writer("points/1")
    writer.rollback()
    writer.close()
    tell("points/2")
    assert telling()[0] == {"points/2"}


@pytest.mark.usefixtures("only_postgresql")
@pytest.mark.parametrize("minutes", [0, 1, 60])
def test_a_writer_that_holds_its_transaction_open_loses_nothing(telling, minutes: int) -> None:
    writer = open_writer("points/1")
    tell("points/2")
    tell("points/3")
    assert telling() == ({"points/2", "points/3"}, 0)
    for waited in range(minutes + 1):
        assert telling(NOW + waited * MINUTE) == (set(), 0)
    writer.commit()
    writer.close()
    assert telling(NOW + minutes * MINUTE) == ({"points/1"}, 3)


@pytest.mark.usefixtures("only_postgresql")
def test_the_youngest_of_the_writers_loses_nothing_either(telling) -> None:
    older = db.engine.connect()
    older.execute(text("SELECT pg_current_xact_id()"))
    writer = open_writer("points/1")
    publish(older, ["points/2"], NOW)
    older.commit()
    older.close()
    # No transaction younger than the writer has ended, so the server does not say yet that there is such a one.
    for seconds in range(5):
        assert telling(NOW + seconds * SECOND) == (set() if seconds else {"points/2"}, 0)
    writer.commit()
    writer.close()
    assert telling(NOW + 5 * SECOND) == ({"points/1"}, 2)


@pytest.mark.usefixtures("only_postgresql")
def test_a_number_of_a_transaction_that_ended_without_it_is_given_up(telling) -> None:
    writer = open_writer("points/1")
    tell("points/2")
    assert telling() == ({"points/2"}, 0)
    writer.rollback()
    writer.close()
    telling(NOW + 3 * SECOND)
    tell("points/3")  # a transaction after the one that was rolled back
    assert telling(NOW + 4 * SECOND)[0] == {"points/3"}
    # The server's other transactions, of other tests' databases too, may have begun before: they must end first.
    for waited in range(5, 1_000):
        told, cursor = telling(NOW + waited * SECOND)
        assert told == set()
        if cursor == 3:
            return
        time.sleep(0.05)
    raise AssertionError("the number was never given up")


@pytest.mark.usefixtures("only_postgresql")
def test_a_jump_too_wide_to_look_through_is_told_as_everything(telling) -> None:
    with transaction() as connection:
        connection.execute(text("SELECT setval(pg_get_serial_sequence('notices', 'id'), :far)"), {"far": 3 * GAPS_KEPT})
    tell("points/1")
    assert telling() == ({EVERYTHING}, 2 * GAPS_KEPT)
    tell("points/2")
    assert telling() == ({"points/2"}, 2 * GAPS_KEPT)


def test_a_follower_that_slept_too_long_is_told_everything(telling) -> None:
    tell("points/1")
    telling()
    tell("points/2", at=NOW)
    tell("points/3", at=NOW + 20 * MINUTE)
    with transaction() as connection:
        forget(connection, NOW + 20 * MINUTE)
    assert telling()[0] == {EVERYTHING}
    assert telling()[0] == set()


def test_forgetting_keeps_the_newest() -> None:
    tell("points/1")
    tell("points/2")
    with transaction() as connection:
        forget(connection, NOW + 20 * MINUTE)
        assert list(connection.execute(notices.select().with_only_columns(notices.c.id)).scalars()) == [2]


@pytest.mark.parametrize(
    ("cursor", "topics"),
    [
        (3, set()),
        (2, {"points/3"}),
        (1, {"points/2", "points/3"}),
        (0, {EVERYTHING}),
        (4, {EVERYTHING}),
        (-1, {EVERYTHING}),
    ],
)
def test_since_a_cursor(cursor: int, topics: set[str]) -> None:
    for number in (1, 2, 3):
        tell(f"points/{number}", at=NOW + number * MINUTE)
    with transaction() as connection:
        forget(connection, NOW + 16 * MINUTE + 1)  # the first
        assert since(connection, cursor) == topics


def test_since_the_beginning() -> None:
    with transaction() as connection:
        assert since(connection, 0) == set()
        assert since(connection, 7) == {EVERYTHING}
    tell("points/1")
    with transaction() as connection:
        assert since(connection, 0) == {"points/1"}


def test_more_than_can_be_read_at_once_is_read_in_turns(telling) -> None:
    with transaction() as connection:
        connection.execute(insert(notices), [{"at": NOW, "topics": f'["points/{i}"]'} for i in range(2_500)])
        assert since(connection, 0) == {EVERYTHING}
    assert [len(telling()[0]) for _ in range(4)] == [1000, 1000, 500, 0]


def test_a_look_for_changes_sees_the_commits_of_others() -> None:
    with polling() as connection:
        changed = Changes(connection)
        assert changed()
        assert changed() is not on_sqlite(connection)
        tell("points/1")
        assert changed()


def test_a_poller_does_not_take_a_connection_of_the_pool() -> None:
    before = db.engine.pool.checkedout()
    with polling():
        assert db.engine.pool.checkedout() == before
