"""`hub import organizations | members | targets | assignments`: who there is, and what they shall reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Protocol, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from hub import clock
from hub.cli import with_app
from hub.cli.imports import Source, Summary, import_, reading, with_source
from hub.db import reader, transaction
from hub.directory import assignments, members, organizations, targets
from hub.directory.assignments import AssignmentRecord
from hub.directory.csv_files import Bad, Row, Table, Unreadable
from hub.directory.dates import MIDNIGHT, with_offset
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.directory.outcomes import Outcome
from hub.directory.targets import TargetRecord
from hub.gamification.faults import Fault
from hub.ledger import arrivals, log

#: Rows a transaction, so that SQLite's one writer is free again after some 30 ms. All members of a changed organization
#: are written with it.
SLICE = 250
ORGANIZATIONS_SLICE = 20

R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)
Rows = Sequence[R]


class Register(Protocol[R_contra]):
    """What the hub knows of the records at hand; it judges further ones without writing anything."""

    def load(self, connection: Connection, records: Rows[R_contra]) -> None: ...

    def enter(self, record: R_contra, now: int) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Kind(Generic[R]):
    """A kind of file: its fields, how those of a row become a record, and what takes records in."""

    fields: tuple[str, ...]
    needed: tuple[str, ...]
    record: Callable[[Mapping[str, str], ZoneInfo | None], R]
    upsert: Callable[[Connection, Rows[R], int], list[Outcome]]
    register: Callable[[], Register[R]]
    slice: int = SLICE


class Misread(Exception):
    """A cell that cannot be what its field is; stays inside this module."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


# ------------------------------------------------------------------------------------------------------------- commands


@import_.command("organizations")
@with_source
@with_app
def import_organizations(source: Source) -> None:
    """Partner companies: id, name, type, tier, region, size, tags, valid_from.

    A row is the whole profile from valid_from (default: now) on. Lists are separated by ";".
    """
    run(source, ORGANIZATIONS)


@import_.command("members")
@with_source
@with_app
def import_members(source: Source) -> None:
    """People: id, name, email, organization, roles, time_zone, locale, region, tags, aliases, phone, title, listed,
    valid_from.

    A row is the whole profile from valid_from (default: now) on. Lists are separated by ";"; aliases are added.
    """
    run(source, MEMBERS)


@import_.command("targets")
@with_source
@with_app
def import_targets(source: Source) -> None:
    """Members' own targets of goals: goal, member, window, target."""
    run(source, TARGETS)


@import_.command("assignments")
@with_source
@with_app
def import_assignments(source: Source) -> None:
    """Who looks after which organization: organization, member, as (a role)."""
    run(source, ASSIGNMENTS)


# ----------------------------------------------------------------------------------------------------------------- rows


def run(source: Source, kind: Kind[R]) -> None:
    """Take the source's rows in by slices, and tell what became of them."""
    summary = Summary.of("accepted", "unchanged", "rejected")
    take = _judging(kind.register()) if source.dry_run else _writing(kind)
    with reading(source, summary) as (file, show):
        table = source.table(file)
        summary.left_out_columns = _left_out(table, kind)
        rows = iter(table)
        # Parsing is done before the transaction of a slice begins, so that nobody waits for it.
        while batch := list(islice(rows, kind.slice)):
            _take_slice(_records(batch, kind, source, summary), take, summary)
            show()
    summary.tell(source)


def _writing(kind: Kind[R]) -> Callable[[Rows[R]], list[Outcome]]:
    def take(records: Rows[R]) -> list[Outcome]:
        with transaction() as connection:
            return kind.upsert(connection, records, clock.now())

    return take


def _judging(register: Register[R]) -> Callable[[Rows[R]], list[Outcome]]:
    # One register for the whole file, so that a row sees what those before it would have changed.
    def take(records: Rows[R]) -> list[Outcome]:
        with reader() as connection:
            register.load(connection, records)
        now = clock.now()
        return [register.enter(record, now) for record in records]

    return take


def _left_out(table: Table, kind: Kind[R]) -> list[str]:
    """The columns that fill nothing. Unreadable where a needed field has no column, or there is no such field."""
    for name in kind.needed:
        if name not in table.fields:
            raise Unreadable(Fault(name, "missing", f"no column fills {name}; the file has {', '.join(table.columns)}"))
    for name in (*table.mapping, *table.constants):
        if name not in kind.fields:
            raise Unreadable(Fault(name, "columns", f"there is no field {name}; there are {', '.join(kind.fields)}"))
    used = {column for field, column in table.sources.items() if field in kind.fields}
    return [column for column in table.columns if column and column not in used]


def _records(batch: Sequence[Row | Bad], kind: Kind[R], source: Source, summary: Summary) -> Iterator[tuple[int, R]]:
    for row in batch:
        if isinstance(row, Bad):
            _reject(summary, row.line, row.fault)
            continue
        try:
            yield row.line, kind.record(row.fields, source.zone)
        except Misread as misread:
            _reject(summary, row.line, misread.fault)


def _take_slice(numbered: Iterator[tuple[int, R]], take: Callable[[Rows[R]], list[Outcome]], summary: Summary) -> None:
    records = list(numbered)
    outcomes = take([record for _, record in records])
    for (line, _), outcome in zip(records, outcomes, strict=True):
        if outcome.faults:
            _reject(summary, line, *outcome.faults)
        else:
            summary.count(outcome.status)


def _reject(summary: Summary, line: int, *faults: Fault) -> None:
    summary.count("rejected")
    summary.report(line, *faults)


# -------------------------------------------------------------------------------------------------------------- records


def _organization(fields: Mapping[str, str], zone: ZoneInfo | None) -> OrganizationRecord:
    profile = OrganizationProfile(
        name=fields.get("name", fields.get("id", "")),
        type=fields.get("type"),
        tier=fields.get("tier"),
        region=fields.get("region"),
        size=fields.get("size"),
        tags=_several(fields, "tags"),
    )
    return OrganizationRecord(fields.get("id", ""), profile, _instant(fields, "valid_from", zone))


def _member(fields: Mapping[str, str], zone: ZoneInfo | None) -> MemberRecord:
    profile = MemberProfile(
        name=fields.get("name", fields.get("id", "")),
        email=fields.get("email"),
        organization=fields.get("organization"),
        roles=_several(fields, "roles"),
        time_zone=fields.get("time_zone"),
        locale=fields.get("locale"),
        region=fields.get("region"),
        tags=_several(fields, "tags"),
        phone=fields.get("phone"),
        title=fields.get("title"),
        listed=_yes(fields, "listed", missing=True),
    )
    valid_from = _instant(fields, "valid_from", zone)
    return MemberRecord(fields.get("id", ""), profile, _several(fields, "aliases"), valid_from)


def _target(fields: Mapping[str, str], _zone: ZoneInfo | None) -> TargetRecord:
    return TargetRecord(
        fields.get("goal", ""), fields.get("member", ""), fields.get("window", ""), fields.get("target", "")
    )


def _assignment(fields: Mapping[str, str], _zone: ZoneInfo | None) -> AssignmentRecord:
    return AssignmentRecord(fields.get("organization", ""), fields.get("member", ""), fields.get("as", ""))


def _several(fields: Mapping[str, str], name: str) -> tuple[str, ...]:
    """A list: `a; b` in one cell, each item once."""
    items = (item.strip() for item in fields.get(name, "").split(";"))
    return tuple(dict.fromkeys(item for item in items if item))


def _yes(fields: Mapping[str, str], name: str, *, missing: bool) -> bool:
    written = fields.get(name, "yes" if missing else "no").lower()
    if written not in {"yes", "no", "true", "false"}:
        raise Misread(Fault(name, "type", f"{name} is yes or no"))
    return written in {"yes", "true"}


def _instant(fields: Mapping[str, str], name: str, zone: ZoneInfo | None) -> int | None:
    """A time, in microseconds; a bare date is its first instant in the zone."""
    if name not in fields:
        return None
    try:
        time, _ = arrivals.instant(with_offset(fields[name], zone, MIDNIGHT))
    except ValueError as wrong:
        raise Misread(Fault(name, "time", str(wrong))) from None
    return time


# ---------------------------------------------------------------------------------------------------------------- kinds


def _upsert_organizations(connection: Connection, records: Rows[OrganizationRecord], now: int) -> list[Outcome]:
    upserted = organizations.upsert(connection, records, now)
    log.release(connection, now, organizations=upserted.appeared)
    return upserted.outcomes


def _upsert_members(connection: Connection, records: Rows[MemberRecord], now: int) -> list[Outcome]:
    upserted = members.upsert(connection, records, now)
    log.release(connection, now, names=upserted.appeared)
    return upserted.outcomes


ORGANIZATIONS = Kind(
    fields=("id", "name", "type", "tier", "region", "size", "tags", "valid_from"),
    needed=("id",),
    record=_organization,
    upsert=_upsert_organizations,
    register=organizations.Register,
    slice=ORGANIZATIONS_SLICE,
)
MEMBERS = Kind(
    fields=(
        *("id", "name", "email", "organization", "roles", "time_zone", "locale", "region", "tags", "aliases"),
        *("phone", "title", "listed", "valid_from"),
    ),
    needed=("id",),
    record=_member,
    upsert=_upsert_members,
    register=members.Register,
)
TARGETS = Kind(
    fields=("goal", "member", "window", "target"),
    needed=("goal", "member", "window", "target"),
    record=_target,
    upsert=targets.upsert,
    register=targets.Register,
)
ASSIGNMENTS = Kind(
    fields=("organization", "member", "as"),
    needed=("organization", "member", "as"),
    record=_assignment,
    upsert=assignments.upsert,
    register=assignments.Register,
)
