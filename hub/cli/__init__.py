"""The `hub` command. Each module of this package with a list `commands` adds its own, loaded when it is needed.

A command that works on the hub is decorated with `with_app`. What goes wrong in an expected way is a `Fault`: one line,
exit 1.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ParamSpec, TypeVar

import click
from sqlalchemy.exc import DatabaseError, OperationalError
from typing_extensions import override

from config import Config, SettingError
from hub import create_app
from hub.db import Unfit, require_durable, require_migrated
from hub.db import db as database  # `db` is the module of that name here
from hub.web import settings

P = ParamSpec("P")
R = TypeVar("R")


class Fault(click.ClickException):
    """A fault that a command reports: one line on standard error, exit 1."""


class Commands(click.Group):
    """The commands of all modules of this package, found by looking."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(str(command.name) for name in _modules() for command in _commands(name))

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        # A command mostly stands in the module of its own name: look there first, and load no other.
        for module in sorted(_modules(), key=lambda name: name != cmd_name):
            for command in _commands(module):
                if command.name == cmd_name:
                    return command
        return None

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SettingError, Unfit) as error:
            raise Fault(str(error)) from error
        except DatabaseError as error:
            if not _unreachable(error):
                raise
            raise Fault(f"DATABASE_URL: the database cannot be used: {_first_line(error.orig)}") from error


def _modules() -> list[str]:
    return [module.name for module in iter_modules(__path__) if not module.name.startswith("_")]


def _commands(module: str) -> list[click.Command]:
    return list(getattr(import_module(f"{__name__}.{module}"), "commands", []))


def _unreachable(error: DatabaseError) -> bool:
    """No connection, no such file, or a file that is no database."""
    cause = error.orig
    unreadable = isinstance(cause, sqlite3.DatabaseError) and cause.sqlite_errorcode == sqlite3.SQLITE_NOTADB
    return unreadable or (isinstance(error, OperationalError) and error.statement is None)


def _first_line(cause: BaseException | None) -> str:
    return str(cause).strip().splitlines()[0]


def with_app(command: Callable[P, R]) -> Callable[P, R]:
    """Run a command inside the app of this process's settings, on a migrated database."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        require_migrated()
        if settings().production:
            require_durable()
        return command(*args, **kwargs)

    return with_bare_app(run)


def with_bare_app(command: Callable[P, R]) -> Callable[P, R]:
    """As `with_app`, whatever state the database is in."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with create_app(Config.load()).app_context():
            try:
                return command(*args, **kwargs)
            finally:
                database.engine.dispose()

    return run


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hub", message="%(version)s")
def main() -> None:
    """The partner engagement hub."""
