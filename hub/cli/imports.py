"""`hub import`: files of other systems come in. What is here serves all of them; each file kind is a module `import_*`.

A bad row is reported with its line and skipped; the others come in, in slices, each a transaction of its own.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from typing_extensions import override

from hub.directory.csv_files import Table, Unreadable
from hub.gamification.faults import Fault
from hub.gamification.windows import time_zones

#: How many faults a summary lists; it counts them all.
MAX_LISTED = 1_000


class Imports(click.Group):
    """The commands of all modules `import_*` beside this one, found by looking."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        self._load()
        return super().list_commands(ctx)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        self._load()
        return super().get_command(ctx, cmd_name)

    def _load(self) -> None:
        for module in iter_modules([str(Path(__file__).parent)]):
            if module.name.startswith("import_"):
                import_module(f"hub.cli.{module.name}")


@click.group("import", cls=Imports)
def import_() -> None:
    """Take in organizations, people, events, targets and assignments from files."""


commands = [import_]


@dataclass(frozen=True, slots=True)
class Source:
    """The file to take in, and how it is to be read. `zone` is that of times without an offset."""

    path: str  # "-" is standard input
    mapping: Mapping[str, str]
    constants: Mapping[str, str]
    zone: ZoneInfo | None
    dry_run: bool
    as_json: bool

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """The file, with a bar on a terminal that shows how far it has been read."""
        if self.path == "-":
            yield sys.stdin.buffer
        else:
            with Path(self.path).open("rb") as file:
                yield file

    def table(self, file: BinaryIO) -> Table:
        """The file's rows. Raises Unreadable."""
        return Table(file, self.mapping, self.constants)


def pairs(text: str) -> list[tuple[str, str]]:
    """`field=column,field=column`. A name with a comma in it stands in quotes, with its field: `"id=Won, by"`."""
    parts = next(csv.reader([text], skipinitialspace=True), [])
    split = [part.partition("=") for part in parts]
    if not all(name and equals and value for name, equals, value in split):
        raise click.BadParameter(f"{text!r} is not like field=column,field=column")
    return [(name, value) for name, _, value in split]


def _mapping(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    return _once([pair for text in texts for pair in pairs(text)])


def _constants(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    split = [text.partition("=") for text in texts]
    if not all(name and value for name, _, value in split):
        raise click.BadParameter("write --set field=value")
    return _once([(name, value) for name, _, value in split])


def _once(given: list[tuple[str, str]]) -> dict[str, str]:
    names = [name for name, _ in given]
    if twice := {name for name in names if names.count(name) > 1}:
        raise click.BadParameter(f"{', '.join(sorted(twice))} is given twice")
    return dict(given)


def _zone(_context: click.Context, _parameter: click.Parameter, name: str | None) -> ZoneInfo | None:
    if name is not None and name not in time_zones():
        raise click.BadParameter(f"{name!r} is no time zone; they look like Europe/Berlin")
    return None if name is None else ZoneInfo(name)


_OPTIONS = (
    click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True)),
    click.option("--map", "mapping", multiple=True, callback=_mapping, help="field=column,...: which column fills it."),
    click.option("--set", "constants", multiple=True, callback=_constants, help="field=value, the same in every row."),
    click.option("--time-zone", "zone", callback=_zone, help="Of times without an offset."),
    click.option("--dry-run", is_flag=True, help="Check everything, write nothing."),
    click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON."),
)


def with_source(command: Callable[..., None]) -> Callable[..., None]:
    """The argument and options that all imports have, as one `source`."""

    @wraps(command)
    def run(
        *, file: str, mapping: dict[str, str], constants: dict[str, str], zone: ZoneInfo | None, dry_run: bool,
        as_json: bool, **more: Any,
    ) -> None:  # fmt: skip
        command(source=Source(file, mapping, constants, zone, dry_run, as_json), **more)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run


@dataclass(slots=True)
class Summary:
    """What became of the rows. `counts` begins with `rows`; errors come from the bad ones."""

    counts: dict[str, int]
    errors: list[dict[str, Any]] = field(default_factory=list)
    left_out_columns: list[str] = field(default_factory=list)
    unlisted: int = 0
    bad: bool = False

    @classmethod
    def of(cls, *statuses: str) -> Summary:
        return cls({"rows": 0, **dict.fromkeys(statuses, 0)})

    def count(self, status: str, rows: int = 1) -> None:
        self.counts["rows"] += rows
        self.counts[status] += rows

    def report(self, line: int, *faults: Fault) -> None:
        """A bad row, or file; `count` is told separately."""
        self.bad = True
        listed = faults[: max(MAX_LISTED - len(self.errors), 0)]
        self.unlisted += len(faults) - len(listed)
        self.errors += [
            {"line": line, "code": fault.code, "path": fault.path, "message": fault.message} for fault in listed
        ]

    def as_json(self) -> dict[str, Any]:
        more = {"left_out_columns": self.left_out_columns, "errors_unlisted": self.unlisted}
        return {**self.counts, "errors": self.errors, **{name: value for name, value in more.items() if value}}

    def tell(self, source: Source) -> None:
        """Print it, and end the command with 1 if anything was bad."""
        if source.as_json:
            click.echo(msgspec.json.encode(self.as_json()).decode())
        else:
            self._tell_people(source)
        if self.bad:
            click.get_current_context().exit(1)

    def _tell_people(self, source: Source) -> None:
        for error in sorted(self.errors, key=lambda error: int(error["line"])):
            where = f"line {error['line']}: {error['path']}".removesuffix(": ")
            click.echo(f"{where}: {error['message']} [{error['code']}]", err=True)
        if self.unlisted:
            click.echo(f"... and {self.unlisted} more faults", err=True)
        if self.left_out_columns:
            click.echo(f"left out, not known here: {', '.join(self.left_out_columns)}", err=True)
        told = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in self.counts.items())
        click.echo(f"{told}{' (dry run: nothing was written)' if source.dry_run else ''}")


@contextmanager
def reading(source: Source, summary: Summary) -> Iterator[tuple[BinaryIO, Callable[[], None]]]:
    """The file, and what to call now and then so that a terminal shows how far it has been read.

    A file that cannot be read at all is reported as one fault.
    """
    with source.open() as file, _progress(source) as progress:
        task = progress.add_task("", total=_size(file), rows=0)

        def show() -> None:
            if not progress.disable:
                progress.update(task, completed=file.tell() if file.seekable() else None, rows=summary.counts["rows"])

        try:
            yield file, show
        except Unreadable as unreadable:
            summary.report(unreadable.line, unreadable.fault)


def _progress(source: Source) -> Progress:
    console = Console(stderr=True)
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.fields[rows]} rows"), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True, disable=source.as_json or not console.is_terminal)


def _size(file: BinaryIO) -> int | None:
    if not file.seekable():
        return None
    size = file.seek(0, 2)
    file.seek(0)
    return size
