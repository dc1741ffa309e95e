"""The database: one way to read, one way to write, on SQLite and PostgreSQL.

Everything hot is Core or plain SQL on a connection from `transaction()` or `reader()`; the ORM session of
Flask-SQLAlchemy serves the places where people edit things.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar, cast

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, Engine, MetaData, Text, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DBAPIError

db = SQLAlchemy(
    metadata=MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
)

#: Text that is compared and ordered by code point on both databases.
Ordered = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")

SQLITE_BUSY_MS = 10_000

Found = TypeVar("Found")

_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={SQLITE_BUSY_MS}",
    "PRAGMA cache_size=-65536",
    "PRAGMA temp_store=MEMORY",
    # Else INSERT OR REPLACE deletes rows behind the back of the triggers that keep the log.
    "PRAGMA recursive_triggers=ON",
)

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class Unfit(Exception):
    """The hub cannot work on this database as it is. Its text is one line that says what to do."""


class NotMigrated(Unfit):
    """The database is not at the newest migration."""


def init(app: Flask) -> None:
    db.init_app(app)
    with app.app_context():
        _listen(db.engine)


def _listen(engine: Engine) -> None:
    event.listen(engine, "handle_error", _drop_broken)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)


def _sqlite_connect(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver must not open transactions by itself: _sqlite_begin decides which kind.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)


def _sqlite_begin(connection: Connection) -> None:
    # A write that begins as a read can find the lock taken when it upgrades, and no waiting helps it then.
    writes = connection.get_execution_options().get("hub_reads") is not True
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _drop_broken(context: ExceptionContext) -> None:
    if _is_broken(context.original_exception):
        context.is_disconnect = True


def _is_broken(error: BaseException) -> bool:
    # After an I/O error SQLite's connection may hold a half-written page cache: it is never used again.
    return isinstance(error, sqlite3.OperationalError) and "disk" in str(error)


def on_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


@contextmanager
def driver(connection: Connection) -> Iterator[Any]:
    """The driver's own connection, for the hottest statements. Its errors come as those of any other statement do."""
    own = connection.connection.driver_connection
    errors = connection.dialect.loaded_dbapi.Error
    try:
        yield own
    except errors as error:
        broken = _is_broken(error) or connection.dialect.is_disconnect(error, connection.connection, None)
        if broken:
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, errors, connection_invalidated=broken, dialect=connection.dialect
        ) from error


#: Writers share this advisory lock on PostgreSQL; see `settle`.
_WRITING = 0x77726974


@contextmanager
def transaction() -> Iterator[Connection]:
    """A write transaction: commits at the end of the block, rolls back when it raises.

    What it stamps with the time, it stamps with a time read inside the block: see `settle`.
    """
    with db.engine.connect() as connection, connection.begin():
        if not on_sqlite(connection):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock_shared({_WRITING})")
        yield connection


def settle(lock: int = _WRITING) -> None:
    """Wait until every write transaction that began before now has ended: what comes later is stamped later too.
    `lock`: only those that share this advisory lock.

    Nobody waits for whoever waits here, so one that is open for long delays no other. SQLite has one writer at a time:
    there it is enough to have been one.
    """
    with db.engine.connect() as connection, connection.begin():
        if on_sqlite(connection):
            return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        waiting, until = _writers(connection, lock), monotonic() + SETTLED_SECONDS
        while waiting and monotonic() < until:
            sleep(SETTLING_SECONDS)
            waiting &= _writers(connection, lock)


def _writers(connection: Connection, lock: int) -> set[str]:
    return set(connection.exec_driver_sql(_WRITERS, {"lock": lock}).scalars())


#: A write transaction that hangs for longer than this is not waited for.
SETTLED_SECONDS = 30.0
SETTLING_SECONDS = 0.02

_WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'advisory' AND classid = 0 AND objid = %(lock)s AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


#: So long a reader may keep SQLite from emptying its write-ahead log.
SCRUB_SECONDS = 30.0


def scrub() -> None:
    """Write the database's files anew, so that no byte is left in them of what was deleted or written over.

    Unfit where that is not possible now: it may be done at any later time. On PostgreSQL each table is closed while it
    is written; what the server keeps elsewhere (its write-ahead log, its backups) is not ours.
    """
    if db.engine.dialect.name == "sqlite":
        _scrub_sqlite()
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # The statistics of columns hold values of theirs.
        for name in [*db.metadata.tables, "pg_catalog.pg_statistic"]:
            connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {name}")
        connection.exec_driver_sql("VACUUM (FULL) pg_catalog.pg_statistic")


def _scrub_sqlite() -> None:
    with db.engine.connect() as connection:
        own = connection.connection.driver_connection
        assert isinstance(own, sqlite3.Connection)
        try:
            own.execute("VACUUM")
            until = monotonic() + SCRUB_SECONDS
            while own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if monotonic() > until:
                    raise Unfit("the database is being read for long: its write-ahead log still holds what was deleted")
                sleep(SETTLING_SECONDS)
        except sqlite3.OperationalError as error:
            raise Unfit(f"the database could not be written anew: {error}") from None


@contextmanager
def reader() -> Iterator[Connection]:
    """A read-only connection with one snapshot for the whole block."""
    options: dict[str, Any] = {"hub_reads": True, "hub_found": {}}
    if db.engine.dialect.name == "postgresql":
        options |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def once(connection: Connection, key: Hashable, read: Callable[[], Found]) -> Found:
    """What `read` finds. In the block of a `reader()` it is read once: nothing changes in its snapshot."""
    found: dict[Hashable, Any] | None = connection.get_execution_options().get("hub_found")
    if found is None:
        return read()
    if key not in found:
        found[key] = read()
    return cast(Found, found[key])


@cache
def newest_migration() -> str:
    head = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert head
    return head


def require_migrated() -> None:
    """NotMigrated where the database is not at the newest migration, with what to do about it."""
    url = db.engine.url
    # Connecting would make an empty file where there is none.
    found = None if url.drivername == "sqlite" and not Path(url.database or "").exists() else migration()
    if found != newest_migration():
        raise NotMigrated(
            f"the database is at migration {found or 'none'}, not {newest_migration()}; run: hub db upgrade"
        )


def migration() -> str | None:
    """The migration that the database is at."""
    with reader() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_durable() -> None:
    """Unfit where PostgreSQL answers before what it was told is on its disk: what we answered 2xx could be lost."""
    if db.engine.dialect.name != "postgresql":
        return
    with reader() as connection:
        setting = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    if setting == "off":
        raise Unfit("DATABASE_URL: the database has synchronous_commit=off, which loses accepted events; set it to on")


#: Any number that nothing else locks by.
MIGRATING = 4_827_713_061


def take_turn_to_migrate(connection: Connection) -> None:
    """Wait, until this transaction ends, for others that migrate the same database."""
    if not on_sqlite(connection):
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (MIGRATING,))
