"""`hub program`: check, publish and show the vendor's rules."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib import resources
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from config import SettingError
from hub import clock
from hub.cli import Fault, with_app
from hub.cli._backtest import backtest
from hub.cli._faults import count, say
from hub.cli._publishing import publish, versions_
from hub.db import Unfit, reader
from hub.gamification import explain
from hub.gamification import program as programs
from hub.gamification import schema as schemas
from hub.gamification.program import Program
from hub.ledger import log
from hub.ledger import programs as published
from hub.ledger.tables import versions
from hub.widgets import kit
from hub.wording.entries import sentence


@click.group()
def program() -> None:
    """The program: what may arrive, what it earns, what is shown."""


@program.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program to read.")
def check(file: Path, as_json: bool) -> None:
    """Name every fault of a program file; exit 1 if there is any. Warnings are what is legal but suspect."""
    reading = programs.read(file.read_bytes(), now=clock.now(), widgets=kit.options(), sent=_sent())
    if as_json:
        found = {"faults": reading.faults, "warnings": reading.warnings}
        click.echo(json.dumps({kind: [asdict(fault) for fault in some] for kind, some in found.items()}, indent=2))
    else:
        say(reading.faults, reading.warnings)
    if reading.program is None:
        sys.exit(1)
    if not as_json:
        click.echo(f"{file}: no faults")


@program.command()
@click.option("--version", "number", type=int, help="Default: the newest.")
@with_app
def show(number: int | None) -> None:
    """Print a published version as it was written."""
    query = select(versions.c.text).order_by(versions.c.version.desc()).limit(1)
    with reader() as connection:
        text = connection.scalar(query if number is None else query.where(versions.c.version == number))
    if text is None:
        raise Fault("no program is published" if number is None else f"there is no version {number}")
    click.echo(text, nl=not text.endswith("\n"))


@program.command()
def schema() -> None:
    """Print a JSON Schema of program files, by which editors complete and check them."""
    click.echo(json.dumps(schemas.schema(kit.options()), indent=2, ensure_ascii=False))


@program.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def new(file: Path | None) -> None:
    """Write a commented program to begin with, to FILE or to standard output."""
    text = resources.files("hub.cli").joinpath("starter.yaml").read_text("utf-8")
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        with file.open("x", encoding="utf-8") as made:
            made.write(text)
    except FileExistsError:
        raise Fault(f"{file} is there already") from None
    except OSError as error:
        raise Fault(f"{file} cannot be written: {error.strerror}") from None
    click.echo(f"{file} is written; hub program check {file} names what is wrong with it")


@program.command("explain")
@click.argument("key")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A program file, not the newest version.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for a program to read.")
def explain_(key: str, file: Path | None, as_json: bool) -> None:
    """Say an entry of the program as one plain sentence: a rule, a cap, a badge, a homepage...

    KEY is its key in the file. Where several sections have it, all are told; SECTION.KEY is one of them.
    """
    found_in = _read(file) if file else _newest()
    found = explain.named(found_in, key)
    if not found:
        raise Fault(_no_entry(found_in, key))
    told = [{"section": one.section, "key": one.key, "sentence": sentence(found_in, one)} for one in found]
    if as_json:
        click.echo(json.dumps({"items": told}, indent=2, ensure_ascii=False))
        return
    for one in told:
        click.echo(one["sentence"] if len(told) == 1 else f"{one['section']}: {one['sentence']}")


def _read(file: Path) -> Program:
    reading = programs.read(file.read_bytes(), now=clock.now(), widgets=kit.options())
    if reading.program is None:
        say(reading.faults, ())
        raise Fault(f"{file} has {count(len(reading.faults), 'fault')}")
    return reading.program


@with_app
def _newest() -> Program:
    with reader() as connection:
        version = published.newest(connection)
    if version is None:
        raise Fault("no program is published; --file FILE explains one that is not")
    return version.program


def _no_entry(found_in: Program, key: str) -> str:
    nearest = explain.nearest(found_in, key)
    return f'the program has no "{key}"' + (f'; did you mean "{nearest}"?' if nearest else "")


def _sent() -> frozenset[str] | None:
    """The types of all events ever sent; None where there is no hub to ask, for a file can be checked anywhere."""

    @with_app
    def read() -> frozenset[str]:
        with reader() as connection:
            return log.types_sent(connection)

    try:
        return read()
    except (SettingError, Unfit, DatabaseError):
        return None


for command in (publish, backtest, versions_):
    program.add_command(command)

commands = [program]
