"""`hub import events`: activity from an export (CSV), or as other systems log it (NDJSON: one JSON event a line).

The same way in as the HTTP API: read strictly, appended in slices, each event once. What an export cannot say, its own
headings, missing offsets, one type a stage, is said on the command line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO, NamedTuple, cast
from zoneinfo import ZoneInfo

import click
from sqlalchemy import Connection

from hub import clock
from hub.cli import with_app
from hub.cli.imports import Source, Summary, import_, pairs, reading, with_source
from hub.db import reader, transaction
from hub.directory import members
from hub.directory.csv_files import Bad, Table, Unreadable
from hub.directory.dates import NOON, with_offset
from hub.directory.members import MemberProfile, MemberRecord
from hub.gamification.events import REVERSED, EventType, Key
from hub.gamification.faults import Fault
from hub.ledger import arrivals, exact, log, programs
from hub.ledger.arrivals import HUB, Arrival, Verdict

#: Rows a transaction: SQLite's one writer is free again after some 30 ms.
SLICE = 1_000

OWN_FIELDS = ("id", "source", "type", "subject", "time")
NEEDED = ("id", "source", "time", "type")
DATA = "data."

_COUNTED = {
    "accepted": "accepted",
    "duplicate": "duplicates",
    "held": "held",
    "rejected": "rejected",
    "conflict": "conflicts",
}


class Line(NamedTuple):
    """A row before it is read as an event.

    `cells` are what `--where` and `--types` look at. `event` may lack its type; `plain`: its data is texts of cells.
    """

    line: int
    cells: Mapping[str, str]
    event: dict[str, Any]
    plain: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the file becomes events: `where` values by column, `types` by the value of `types_column`."""

    where: Mapping[str, Collection[str]]
    types_column: str | None
    types: Mapping[str, str]
    attributes: Collection[str] | None

    def takes(self, cells: Mapping[str, str]) -> bool:
        fits = all(cells.get(column, "") in values for column, values in self.where.items())
        return fits and (self.types_column is None or cells.get(self.types_column, "") in self.types)

    def type_of(self, line: Line) -> Any:
        return line.event.get("type") if self.types_column is None else self.types[line.cells[self.types_column]]

    def columns(self) -> list[str]:
        return [*self.where, *([self.types_column] if self.types_column else [])]


# -------------------------------------------------------------------------------------------------------------- command


def _where(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, frozenset[str]]:
    wanted: dict[str, frozenset[str]] = {}
    for text in texts:
        column, equals, values = text.partition("=")
        if not column or not equals or column in wanted:
            raise click.BadParameter(f"{text!r} is not like COLUMN=VALUE,VALUE, each column once")
        wanted[column] = frozenset(_listed(values) or [""])
    return wanted


def _types(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[str | None, dict[str, str]]:
    if text is None:
        return None, {}
    column, colon, values = text.partition(":")
    if not column or not colon:
        raise click.BadParameter(f"{text!r} is not like COLUMN:VALUE=TYPE,VALUE=TYPE")
    return column, dict(pairs(values))


def _attributes(_context: click.Context, _parameter: click.Parameter, text: str | None) -> list[str] | None:
    return None if text is None else _listed(text)


def _listed(text: str) -> list[str]:
    """`a,b`; a value with a comma in it stands in quotes."""
    return next(csv.reader([text]), [])


@import_.command("events")
@with_source
@click.option("--types", callback=_types, help="COLUMN:VALUE=TYPE,...: the type by a column; other rows are left out.")
@click.option("--where", multiple=True, callback=_where, help="COLUMN=VALUE,...: only rows that have one of these.")
@click.option("--attributes", callback=_attributes, help="NAME,...: only these become attributes.")
@click.option("--create-members", is_flag=True, help="Make a member of each subject that is not known.")
@with_app
def import_events(
    source: Source,
    types: tuple[str | None, dict[str, str]],
    where: dict[str, frozenset[str]],
    attributes: list[str] | None,
    create_members: bool,
) -> None:
    """Events: id, source, type, subject, time; every other column is an attribute, and `data.NAME` is NAME.

    A file whose first character is `{` is NDJSON. A time without offset is --time-zone's; a bare date is its noon.
    """
    choice = Choice(where, *types, attributes)
    summary = Summary.of(*_COUNTED.values(), "left_out")
    take = _Trial(create_members) if source.dry_run else _Append(create_members)
    with reading(source, summary) as (file, show):
        lines = _lines(file, source, choice)
        while batch := list(islice(lines, SLICE)):
            _take_slice(batch, choice, source.zone, take, summary)
            show()
    summary.tell(source)


# ---------------------------------------------------------------------------------------------------------------- lines


def _lines(file: BinaryIO, source: Source, choice: Choice) -> Iterator[Line | Bad]:
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, file))
    if buffered.peek(1).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return _of_ndjson(buffered, source, choice)
    table = source.table(buffered)
    _check_columns(table, choice)
    return _of_table(table, _attribute_fields(table.fields, choice.attributes))


def _check_columns(table: Table, choice: Choice) -> None:
    """Unreadable where something is asked of a column that is not there, or a needed field is filled by none."""
    for name in NEEDED:
        if name not in table.fields and not (name == "type" and choice.types_column):
            told = f"nothing fills {name}: name its column by --map {name}=COLUMN, or its value by --set {name}=VALUE"
            raise Unreadable(Fault(name, "missing", told))
    for column in choice.columns():
        if column not in table.columns:
            raise Unreadable(Fault(column, "columns", f"there is no column {column!r}"))


def _attribute_fields(fields: Collection[str], wanted: Collection[str] | None) -> dict[str, str]:
    """Which field fills which attribute. Unreadable where two fill one, or none a wanted one."""
    named: dict[str, str] = {}
    for field in sorted(fields):
        if field in OWN_FIELDS:
            continue
        attribute = field.removeprefix(DATA)
        if attribute in named.values():
            raise Unreadable(Fault(attribute, "columns", f"two columns fill the attribute {attribute!r}"))
        named[field] = attribute
    if wanted is None:
        return named
    if missing := [name for name in wanted if name not in named.values()]:
        raise Unreadable(Fault(missing[0], "columns", f"no column fills the attribute {missing[0]!r}"))
    return {field: attribute for field, attribute in named.items() if attribute in wanted}


def _of_table(table: Table, attributes: Mapping[str, str]) -> Iterator[Line | Bad]:
    for row in table:
        if isinstance(row, Bad):
            yield row
            continue
        event: dict[str, Any] = {name: row.fields[name] for name in OWN_FIELDS if name in row.fields}
        event["data"] = {attribute: row.fields[field] for field, attribute in attributes.items() if field in row.fields}
        yield Line(row.line, row.cells, event, plain=True)


def _of_ndjson(file: BinaryIO, source: Source, choice: Choice) -> Iterator[Line | Bad]:
    """One event a line. Columns are its members and, as `data.NAME`, its attributes."""
    for number, text in enumerate(_text_lines(file), 1):
        if not text.strip():
            continue
        if len(text) > arrivals.MAX_EVENT_BYTES:
            yield Bad(number, Fault("", "too_large", f"an event has at most {arrivals.MAX_EVENT_BYTES} bytes"))
            continue
        try:
            sent = exact.decode(text)
        except exact.Unreadable as fault:
            yield Bad(number, Fault("", "unreadable", f"not readable as JSON: {fault}"))
            continue
        yield _of_object(number, sent, source, choice) if isinstance(sent, dict) else _no_object(number)


def _no_object(number: int) -> Bad:
    return Bad(number, Fault("", "type", "an event is an object"))


def _text_lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends; of one that is too long, enough to see that."""
    bom = b"\xef\xbb\xbf"
    while line := file.readline(arrivals.MAX_EVENT_BYTES + 2):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(arrivals.MAX_EVENT_BYTES)
        yield line.removeprefix(bom).rstrip(b"\r\n")
        bom = b""


def _of_object(number: int, sent: dict[str, Any], source: Source, choice: Choice) -> Line:
    data = sent.get("data")
    attributes = data if isinstance(data, dict) else {}
    columns = {**{f"{DATA}{name}": value for name, value in attributes.items()}, **attributes, **sent}
    event = sent | {field: columns[column] for field, column in source.mapping.items() if column in columns}
    event |= source.constants
    if isinstance(data, dict) and choice.attributes is not None:
        event["data"] = {name: value for name, value in data.items() if name in choice.attributes}
    cells = {name: value if isinstance(value, str) else str(value) for name, value in columns.items()}
    return Line(number, cells, event, plain=False)


# --------------------------------------------------------------------------------------------------------------- slices


class _Append:
    """Takes arrivals into the log, one transaction a slice."""

    def __init__(self, create_members: bool) -> None:
        self._create_members = create_members

    def __call__(self, read: Sequence[Arrival | Verdict], types: log.EventTypes) -> list[Verdict]:
        with reader() as connection:
            judged = self._judge(connection, read, types)
        with transaction() as connection:
            return self._write(connection, judged, types, clock.now())

    def _judge(
        self, connection: Connection, read: Sequence[Arrival | Verdict], types: log.EventTypes
    ) -> list[log.Judged | Verdict]:
        return log.judge(connection, read, types)

    def _write(
        self, connection: Connection, judged: Sequence[log.Judged | Verdict], types: log.EventTypes, now: int
    ) -> list[Verdict]:
        if self._create_members:
            _create_members(connection, judged, now)
        return log.write(connection, judged, types, now)


class _Trial(_Append):
    """Does the same and undoes it; remembers what it took, so that later slices are judged by it."""

    def __init__(self, create_members: bool) -> None:
        super().__init__(create_members)
        self._taken: dict[Key, int] = {}
        self._taking_back: set[Key] = set()

    def __call__(self, read: Sequence[Arrival | Verdict], types: log.EventTypes) -> list[Verdict]:
        verdicts = super().__call__([self._known(arrival) for arrival in read], types)
        for arrival, verdict in zip(read, verdicts, strict=True):
            if isinstance(arrival, Arrival) and verdict.status in ("accepted", "held"):
                self._taken[arrival.key] = hash(arrival.content)
                if arrival.type == REVERSED:
                    self._taking_back.add(arrival.key)
        return verdicts

    def _judge(
        self, connection: Connection, read: Sequence[Arrival | Verdict], types: log.EventTypes
    ) -> list[log.Judged | Verdict]:
        return log.judge(connection, read, types, self._taking_back)

    def _known(self, arrival: Arrival | Verdict) -> Arrival | Verdict:
        if isinstance(arrival, Verdict) or arrival.key not in self._taken:
            return arrival
        if self._taken[arrival.key] == hash(arrival.content):
            return Verdict("duplicate", arrival.id, arrival.source)
        return log.conflict(arrival)

    def _write(
        self, connection: Connection, judged: Sequence[log.Judged | Verdict], types: log.EventTypes, now: int
    ) -> list[Verdict]:
        with connection.begin_nested() as trial:
            verdicts = super()._write(connection, judged, types, now)
            trial.rollback()
        return verdicts


def _create_members(connection: Connection, judged: Sequence[log.Judged | Verdict], now: int) -> None:
    """Make members of unknown subjects, as yet without organization, and apply what was held for them."""
    names = [one.awaits for one in judged if isinstance(one, log.Judged) and one.code == "unknown_member"]
    records = [MemberRecord(name, MemberProfile(name)) for name in dict.fromkeys(names)]
    if records:
        upserted = members.upsert(connection, records, now)
        log.release(connection, now, names=upserted.appeared)


def _take_slice(
    batch: Sequence[Line | Bad],
    choice: Choice,
    zone: ZoneInfo | None,
    take: Callable[[Sequence[Arrival | Verdict], log.EventTypes], list[Verdict]],
    summary: Summary,
) -> None:
    with reader() as connection:
        newest = programs.newest(connection)
    types = newest.program.events if newest else {}
    now = clock.now()
    chosen = [line for line in batch if isinstance(line, Bad) or choice.takes(line.cells)]
    summary.count("left_out", len(batch) - len(chosen))
    read = [_rejected(line) if isinstance(line, Bad) else _arrival(line, choice, zone, types, now) for line in chosen]
    for line, verdict in zip(chosen, take(read, types), strict=True):
        summary.count(_COUNTED[verdict.status])
        if verdict.status in ("rejected", "conflict"):
            summary.report(line.line, Fault(verdict.path or "", verdict.code or "", verdict.message or ""))


def _rejected(bad: Bad) -> Verdict:
    return arrivals.rejected(None, bad.fault.code, bad.fault.path, bad.fault.message)


# --------------------------------------------------------------------------------------------------------------- events


def _arrival(line: Line, choice: Choice, zone: ZoneInfo | None, types: log.EventTypes, now: int) -> Arrival | Verdict:
    kind = choice.type_of(line)
    event = line.event | {"type": kind}
    time = event.get("time")
    if isinstance(time, str):
        try:
            event["time"] = _time(time, zone)
        except ValueError as wrong:
            return arrivals.rejected(event, "time", "time", str(wrong))
    if line.plain and kind in types:
        event["data"] = _typed(event["data"], types[kind])
    return arrivals.read(event, now, _may_send)


def _may_send(source: str, _kind: str) -> bool:
    return source != HUB


def _time(text: str, zone: ZoneInfo | None) -> str:
    """RFC 3339, as far as it can be made of it; many exports write a space for the T."""
    written = with_offset(text, zone, NOON)
    return f"{written[:10]}T{written[11:]}" if _SPACED.match(written) else written


_SPACED = re.compile(r"\d{4}-\d\d-\d\d \d\d:", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _typed(data: Mapping[str, Any], kind: EventType) -> dict[str, Any]:
    """Cells as what their attribute is declared to be; one that cannot be that stays text, and is refused as such."""
    return {name: _value(value, kind, name) if isinstance(value, str) else value for name, value in data.items()}


def _value(cell: str, kind: EventType, name: str) -> Any:
    declared = kind.attributes.get(name)
    if declared is None:
        return cell
    if declared.type in ("number", "integer") and _NUMBER.fullmatch(cell):
        return Decimal(cell)
    if declared.type == "boolean":
        return _BOOLEANS.get(cell.lower(), cell)
    return cell
