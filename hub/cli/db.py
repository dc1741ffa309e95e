"""`hub db`: the database is made, migrated, and compared with what the code expects."""

from __future__ import annotations

from tempfile import TemporaryDirectory

import click
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as Alembic
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from config import Config
from hub import create_app
from hub import db as database_files
from hub.cli import Fault, with_app, with_bare_app
from hub.db import MIGRATIONS, Unfit, newest_migration, take_turn_to_migrate, transaction
from hub.db import db as database


@click.group()
def db() -> None:
    """Create, migrate and check the database."""


@db.command()
@with_bare_app
def upgrade() -> None:
    """Create the database, or bring it to the newest migration."""
    with transaction() as connection:
        migrate(connection)
    click.echo(f"The database is at migration {newest_migration()}.")


@db.command()
@with_app
def scrub() -> None:
    """Write the database's files anew, without what was deleted: for `hub members erase`, should it ask for that."""
    scrub_files()
    click.echo("Nothing that was deleted is left in the database's files.")


def scrub_files() -> None:
    try:
        database_files.scrub()
    except Unfit as unfit:
        raise Fault(f"{unfit}; once more later: hub db scrub") from None


@db.command()
def check() -> None:
    """Migrate a throw-away SQLite database and compare it with the tables of the code."""
    with TemporaryDirectory() as folder:
        settings = {"HUB_ENV": "test", "DATABASE_URL": f"sqlite:///{folder}/check.sqlite", "HUB_INSTANCE": folder}
        with create_app(Config.from_env(settings)).app_context():
            found = differences()
            database.engine.dispose()
    if found:
        raise Fault("\n".join(["the migrations and the tables differ:", *found]))
    click.echo("The migrations make the tables that the code expects.")


def differences() -> list[str]:
    """What still differs between the app's database, migrated, and the tables of the code."""
    with transaction() as connection:
        migrate(connection)
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return [str(one) for one in compare_metadata(context, database.metadata)]


def migrate(connection: Connection) -> None:
    """Bring a database to the newest migration, in the transaction of this connection: all of it or nothing."""
    take_turn_to_migrate(connection)
    settings = Alembic(attributes={"connection": connection})
    settings.set_main_option("script_location", str(MIGRATIONS))
    command.upgrade(settings, "head")


commands = [db]
