"""Export: everything that the hub holds about a person, to be read by her.

A package that holds something of members adds a section:

    @section("sessions")
    def _sessions(connection: Connection, whom: Whom) -> Iterator[Record]: ...

Each section is a list of records of plain values, in an order that says something; times are RFC 3339 in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, or_, select

from hub.directory import members as directory
from hub.directory import merges
from hub.directory.sets import among
from hub.directory.tables import (
    assignments,
    deactivations,
    member_profiles,
    members,
    organizations,
    preferences,
    targets,
)
from hub.identity.tables import identities, scim_group_members, scim_groups, scim_users, sessions
from hub.ledger import entry, programs, reading
from hub.ledger.arrivals import decode_data, written
from hub.ledger.tables import (
    accounts,
    awards,
    entries,
    final_boards,
    final_goals,
    goals_reached,
    held,
    refused,
    revocations,
    transfers,
)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Whom:
    """A person: her number, all that were merged into her with it, and all her names."""

    no: int
    numbers: frozenset[int]
    names: tuple[str, ...]
    now: int


Section = Callable[[Connection, Whom], Iterator[Record]]
SECTIONS: dict[str, Section] = {}


def section(name: str) -> Callable[[Section], Section]:
    """What of a person there is under this name."""

    def add(read: Section) -> Section:
        SECTIONS[name] = read
        return read

    return add


def whom(connection: Connection, member: int, now: int) -> Whom:
    """The person with this number."""
    numbers = frozenset(merges.with_merged(connection, [member]))
    return Whom(member, numbers, tuple(directory.names(connection, member)), now)


def of(connection: Connection, member: int, now: int) -> Mapping[str, list[Record]]:
    """All sections, the empty ones too: that there is nothing is said."""
    person = whom(connection, member, now)
    return {name: list(read(connection, person)) for name, read in SECTIONS.items()}


_encode = msgspec.json.Encoder(decimal_format="number").encode


def as_json(told: Mapping[str, list[Record]]) -> bytes:
    """As a file that a person can read, and a program too."""
    return msgspec.json.format(_encode(told), indent=2) + b"\n"


def moment(time: int | None) -> str | None:
    return None if time is None else written(time, 0)


def decoded(text: str) -> Any:
    return msgspec.json.decode(text)


def hers(
    connection: Connection, person: Whom, query: Select[Any], owner: ColumnElement[Any], *order: ColumnElement[Any]
) -> list[Row[Any]]:
    """Her rows, under whichever of her numbers they are."""
    return list(connection.execute(query.where(among(connection, owner, person.numbers)).order_by(*order)))


# ---------------------------------------------------------------------------------------------------------- directory


@section("names")
def _names(connection: Connection, person: Whom) -> Iterator[Record]:
    t = members.c
    known = connection.execute(select(t.id, t.created_at).where(among(connection, t.no, person.numbers)))
    since = {row.id: row.created_at for row in known}
    for name in person.names:
        yield {"name": name, "since": moment(since.get(name))}


@section("profiles")
def _profiles(connection: Connection, person: Whom) -> Iterator[Record]:
    """What she was, from when on; and from when until when the hub took it for right."""
    t = member_profiles.c
    query = select(member_profiles, organizations.c.id.label("belongs")).outerjoin(
        organizations, organizations.c.no == t.organization
    )
    for row in hers(connection, person, query, t.member, t.valid_from, t.no):
        yield {
            "valid_from": moment(row.valid_from),
            "recorded_at": moment(row.recorded_at),
            "superseded_at": moment(row.superseded_at),
            "name": row.name,
            "email": row.email,
            "organization": row.belongs,
            "roles": decoded(row.roles),
            "time_zone": row.time_zone,
            "locale": row.locale,
            "region": row.region,
            "tags": decoded(row.tags),
            "phone": row.phone,
            "title": row.title,
            "listed": row.listed,
        }


@section("preferences")
def _preferences(connection: Connection, person: Whom) -> Iterator[Record]:
    """What she chose for herself."""
    t = preferences.c
    for row in hers(connection, person, select(preferences), t.member):
        told = {name: getattr(row, name) for name in ("time_zone", "locale", "unlisted", "quiet")}
        yield told | {"changed_at": moment(row.changed_at)}


@section("deactivations")
def _deactivations(connection: Connection, person: Whom) -> Iterator[Record]:
    t = deactivations.c
    for row in hers(connection, person, select(deactivations), t.member, t.no):
        yield {"at": moment(row.at), "by": row.by, "reason": row.reason, "ended_at": moment(row.ended_at)}


@section("looks_after")
def _looks_after(connection: Connection, person: Whom) -> Iterator[Record]:
    t = assignments.c
    query = select(organizations.c.id, t["as"].label("role")).join(organizations, organizations.c.no == t.organization)
    for row in hers(connection, person, query, t.member, organizations.c.id, t["as"]):
        yield {"organization": row.id, "as": row.role}


@section("targets")
def _targets(connection: Connection, person: Whom) -> Iterator[Record]:
    t = targets.c
    for row in hers(connection, person, select(targets), t.member, t.goal, t.window, t.no):
        yield {
            "goal": row.goal,
            "window": row.window,
            "target": row.target,
            "recorded_at": moment(row.recorded_at),
            "superseded_at": moment(row.superseded_at),
        }


# ------------------------------------------------------------------------------------------------------------- ledger


@section("stands_at")
def _stands_at(connection: Connection, person: Whom) -> Iterator[Record]:
    version = programs.newest(connection)
    if version is None:
        return
    points = reading.points(connection, version, person.no, person.now)
    level = points.level.key if points.level else None
    yield {"balance": points.balance, "points_earned": points.earned, "level": level}
    for streak in reading.streaks(connection, version, person.no, person.now):
        yield {"streak": streak.streak, "current": streak.current, "longest": streak.longest, "freezes": streak.freezes}


@section("awards")
def _awards(connection: Connection, person: Whom) -> Iterator[Record]:
    columns = ("kind", "badge", "tier", "object", "window", "points", "time")
    for table, rest in ((awards, ("kept",)), (revocations, ("at", "reason"))):
        t = table.c
        for row in hers(connection, person, select(table), t.member, t.time, t.key):
            told = {name: getattr(row, name) for name in columns}
            told |= {"time": moment(row.time), "given_at": moment(row.posted_at)}
            ended = {"kept": row.kept} if rest == ("kept",) else {"ended_at": moment(row.at), "reason": row.reason}
            yield told | ended


@section("goals")
def _goals(connection: Connection, person: Whom) -> Iterator[Record]:
    t, f = goals_reached.c, final_goals.c
    for row in hers(connection, person, select(goals_reached), t.member, t.at, t.goal):
        yield {"goal": row.goal, "window": row.window, "reached_at": moment(row.at), "points": row.points}
    for row in hers(connection, person, select(final_goals), f.member, f.window, f.goal):
        yield {"goal": row.goal, "window": row.window, "status": row.status, "target": row.target}


@section("final_boards")
def _final_boards(connection: Connection, person: Whom) -> Iterator[Record]:
    t = final_boards.c
    boards = _boards_of_members(connection)
    for row in hers(connection, person, select(final_boards), t.who, t.window, t.leaderboard):
        if row.leaderboard in boards:
            yield {"leaderboard": row.leaderboard, "window": row.window, "among": row.among or None, "rank": row.rank}


def _boards_of_members(connection: Connection) -> set[str]:
    plan = programs.plan(connection)
    found = [version.program.leaderboards for version in plan.versions] if plan else []
    return {key for boards in found for key, board in boards.items() if board.whose == "member"}


@section("transfers")
def _transfers(connection: Connection, person: Whom) -> Iterator[Record]:
    """The lines of the ledger, as they were posted."""
    t, a = transfers.c, accounts.c
    query = select(transfers, a.no.label("own"), entries.c.source, entries.c.id.label("event"))
    query = query.join(accounts, a.member == t.member).join(entries, entries.c.no == t.entry)
    for row in hers(connection, person, query, t.member, t.no):
        yield {
            "at": moment(row.at),
            "posted_at": moment(row.posted_at),
            "amount": row.amount if row.to_account == row.own else -row.amount,
            "balance": row.balance,
            "kind": row.kind,
            "cause": row.cause,
            "version": row.version,
            "event": {"source": row.source, "id": row.event},
        }


@section("events")
def _events(connection: Connection, person: Whom) -> Iterator[Record]:
    """All that was sent about her, or that she did in the hub; what waits for her, and what was refused, too."""
    t = entries.c
    about = or_(among(connection, t.member, person.numbers), among(connection, held.c.awaits, person.names))
    waits = held.c.code.in_(("unknown_member", "inactive_member"))
    query = (
        select(entries, held.c.code.label("waits_for"), refused.c.message)
        .outerjoin(held, (held.c.entry == t.no) & waits)
        .outerjoin(refused, refused.c.entry == t.no)
        .where(or_(about, refused.c.entry.is_not(None) & among(connection, t.subject, person.names)))
    )
    for row in connection.execute(query.order_by(t.time, t.source, t.id)):
        yield {
            "source": row.source,
            "id": row.id,
            "ref": entry.ref(row.no),
            "type": row.type,
            "subject": row.subject,
            "time": written(row.time, row.offset),
            "data": decode_data(row.data),
            "received_at": moment(row.received_at),
            "known_at": moment(row.known_at),
            "waits_for": row.waits_for,
            "refused": row.message,
        }


# ----------------------------------------------------------------------------------------------------------- identity


@section("sessions")
def _sessions(connection: Connection, person: Whom) -> Iterator[Record]:
    t = sessions.c
    for row in hers(connection, person, select(sessions), t.member, t.no):
        yield {
            "opened_at": moment(row.opened_at),
            "seen_at": moment(row.seen_at),
            "device": row.device,
            "via": row.via,
            "issuer": row.issuer,
            "subject": row.subject,
        }


@section("identities")
def _identities(connection: Connection, person: Whom) -> Iterator[Record]:
    """As whom identity providers know her."""
    t = identities.c
    for row in hers(connection, person, select(identities), t.member, t.linked_at):
        yield {"issuer": row.issuer, "subject": row.subject, "via": row.via, "linked_at": moment(row.linked_at)}


@section("provisioned")
def _provisioned(connection: Connection, person: Whom) -> Iterator[Record]:
    """What an identity provider said of her, and in which groups it has put her."""
    t = scim_users.c
    for row in hers(connection, person, select(scim_users), t.member, t.no):
        yield {
            "id": row.id,
            "said": decoded(row.resource),
            "groups": _groups(connection, row.no),
            "created_at": moment(row.created_at),
            "modified_at": moment(row.modified_at),
            "deleted_at": moment(row.deleted_at),
        }


def _groups(connection: Connection, user: int) -> list[str]:
    g, m = scim_groups.c, scim_group_members.c
    return list(connection.scalars(select(g.name).join(scim_group_members, m.group == g.no).where(m.user == user)))
