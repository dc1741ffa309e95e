"""Replay: every member folded again from the log, and held against what stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Table, func, select

from hub import clock, signals
from hub.db import reader, transaction
from hub.directory import merges, profiles
from hub.directory.sets import among
from hub.directory.tables import members, organizations
from hub.gamification.events import Event
from hub.gamification.outcome import Award, Points, Reached
from hub.gamification.plan import Plan
from hub.gamification.progress import LAYOUT, Given, packable
from hub.gamification.ranking import order_key
from hub.gamification.versions import BEGINNING, END
from hub.ledger import changeover, folding, programs, refold
from hub.ledger.folding import connection_rows, pack, unpack
from hub.ledger.tables import (
    awards,
    entries,
    goal_peaks,
    goals_reached,
    member_values,
    organization_parts,
    progress,
    progress_parts,
    set_aside,
)
from hub.ledger.writing import standing_amounts

#: So many members at a time, and entries of theirs, are in memory together.
MEMBERS_A_TIME, ENTRIES_A_TIME = 500, 50_000


def everybody(now: int) -> int:
    """Ask for every member to be folded again; -> how many."""
    with transaction() as connection:
        who = list(connection.scalars(select(progress.c.member)))
        signals.fold_again(connection, who, now)
        return len(who)


def differences() -> Iterator[str]:
    """What a fold from the log says otherwise than what stands, one line each. Writes nothing."""
    last = -(2**62)
    while True:
        with reader() as connection:
            plan = programs.plan(connection)
            who = _next(connection, last)
            if plan is None or not who:
                return
            named = _names(connection, who)
            changes = profiles.changes(connection, [one for one in who if one > 0], BEGINNING, END)
            for some in _portions(connection, who):
                stood = _Stood(connection, some)
                for one in some:
                    told = _of_member(connection, plan, one, stood, changes.get(one, ()))
                    yield from (f"{named[one]}: {line}" for line in told)
        last = who[-1]


class _Stood:
    """What stands of some members, and what they are folded from, all read together."""

    def __init__(self, connection: Connection, who: Sequence[int]) -> None:
        self.facts = folding.facts(connection, who)
        self.given = folding.standing_given_of(connection, who, self.facts, clock.now())
        self.entries = folding.known_of(connection, who)
        self.amounts = standing_amounts(connection, who)
        self.rows = {table: _by_member(connection, table, who) for table in (progress, *_COMPARED)}


def _by_member(connection: Connection, table: Table, who: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in connection_rows(connection, table, who):
        found.setdefault(row.member, []).append(row)
    return found


#: What a fold leaves behind, row by row.
_COMPARED = (progress_parts, member_values, organization_parts, goals_reached, goal_peaks)


def _portions(connection: Connection, who: Sequence[int]) -> Iterator[list[int]]:
    """Members who have so many entries together, or one who has more: all are in memory at once."""
    counted = select(entries.c.member, func.count()).where(among(connection, entries.c.member, who))
    counts: dict[int, int] = dict(connection.execute(counted.group_by(entries.c.member)).all())
    some, size = list[int](), 0
    for one in who:
        if some and size + counts.get(one, 0) > ENTRIES_A_TIME:
            yield some
            some, size = [], 0
        some.append(one)
        size += counts.get(one, 0)
    yield some


def _next(connection: Connection, last: int) -> Sequence[int]:
    aside = select(set_aside.c.member)
    query = select(progress.c.member).where(progress.c.member > last, progress.c.member.not_in(aside))
    query = query.where(~merges.merged(progress.c.member))
    return connection.scalars(query.order_by(progress.c.member).limit(MEMBERS_A_TIME)).all()


def _names(connection: Connection, who: Sequence[int]) -> dict[int, str]:
    people = {row.no: row.id for row in connection_rows(connection, members, [one for one in who if one > 0], "no")}
    firms = {
        -row.no: row.id for row in connection_rows(connection, organizations, [-one for one in who if one < 0], "no")
    }
    named = {
        **{no: f"member {name}" for no, name in people.items()},
        **{no: f"organization {name}" for no, name in firms.items()},
    }
    return {one: named.get(one, f"number {one}") for one in who}


def _of_member(connection: Connection, plan: Plan, who: int, stood: _Stood, changes: Sequence[int]) -> Iterator[str]:
    """`changes`: when the hub learned something of the member."""
    given, told = replace(stood.given[who], kept=(), posted={}), stood.entries[who]
    kept, facts = stood.facts.get(who, (set(), {}))
    for key in sorted(_shown(connection, plan, told, given, changes) - facts.keys()):
        yield f"award {key} is missing"
    folded = refold.again(plan, told, (), facts, kept, given)
    yield from _state(plan, stood.rows[progress][who][0], folded)
    yield from _rows(stood, who, folded)
    yield from _facts(facts, kept, folded)
    yield from _amounts({cause: one.amount for cause, one in stood.amounts.get(who, {}).items()}, folded)


def _shown(
    connection: Connection, plan: Plan, entries: Sequence[Event], given: Given, changes: Sequence[int]
) -> set[str]:
    """The awards that people were shown and that must stand, read from the log, its versions and what was learned of
    her on the way. Of what was learned in the very instant of an entry nobody can say which came first.
    """
    joining = folding.joins(connection, plan, given.who, entries, whole=given.decided)
    brought = joining.brought
    entries = [entry for entry in entries if entry.entry not in brought]
    own = tuple(one for one in given.decided if one.entry not in brought)
    given = replace(given, barred=(), decided=own)
    known = {entry.known_at for entry in entries}
    first, learnt = folding.given_in_turn(connection, given, [at for at in changes if at > min(known, default=END)])
    numbers = {entry.entry for entry in entries}
    version = plan.versions[0].number
    read = refold.again(plan, entries, numbers, {}, set(), first, version, learnt, joined=joining.joined)
    if read.kept and not known.isdisjoint(changes):
        return set()
    return {effect.key for effect in read.outcome.effects if isinstance(effect, Award)} | set(read.kept)


def _state(plan: Plan, row: Any, folded: refold.Folded) -> Iterator[str]:
    if not row.version:
        return
    if row.version != changeover.mark(plan.newest.number):
        yield f"progress is of {_told(row.version)}, not {_told(changeover.mark(plan.newest.number))}"
        return
    state = unpack(pack(packable(folded.state)))
    stands = unpack(row.state)
    for name, mine, theirs in zip(type(folded.state).__slots__, state, stands, strict=True):
        if name == "kept":
            mine, theirs = sorted(mine), sorted(theirs)
        if mine != theirs:
            yield f"progress.{name} stands as {theirs!r:.200}, the fold says {mine!r:.200}"


def _told(marked: int) -> str:
    version, layout = changeover.version_of(marked), changeover.layout_of(marked)
    return f"version {version}" if layout == LAYOUT else f"version {version} in layout {layout}"


def _rows(stood: _Stood, who: int, folded: refold.Folded) -> Iterator[str]:
    parts = {(name,): (pack(content),) for name, content in folded.parts.found.items()}
    yield from _compared(stood, progress_parts, who, ("part",), ("content",), parts)
    values = {
        key: (order_key(valued.value), *valued.place)
        for key, valued in folded.outcome.values.items()
        if valued is not None
    }
    value = ("value", "changed_at", "changed_source", "changed_id")
    yield from _compared(stood, member_values, who, ("metric", "window"), value, values)
    brought = {key: (pack(part),) for key, part in folded.outcome.organizations.items()}
    yield from _compared(stood, organization_parts, who, ("organization", "metric", "window"), ("parts",), brought)
    reached = {
        (effect.goal, effect.window): (effect.event.entry, *effect.event.place, effect.points, effect.badge)
        for effect in folded.outcome.effects
        if isinstance(effect, Reached)
    }
    yield from _compared(
        stood, goals_reached, who, ("goal", "window"), ("entry", "at", "source", "id", "points", "badge"), reached
    )
    peaks = {key: (peak,) for key, peak in folded.outcome.peaks.items()}
    yield from _compared(stood, goal_peaks, who, ("goal", "window"), ("peak",), peaks)


def _compared(
    stood: _Stood, table: Table, who: int, key: Sequence[str], rest: Sequence[str], wanted: Mapping[Any, Any]
) -> Iterator[str]:
    key_of, rest_of = (_getter(table, names) for names in (key, rest))
    standing = {key_of(row): rest_of(row) for row in stood.rows[table].get(who, ())}
    for one in sorted(standing.keys() | wanted.keys()):
        if standing.get(one) != wanted.get(one):
            told = "/".join(str(word) for word in one)
            yield f"{table.name} {told} stands as {standing.get(one)!r:.200}, the fold says {wanted.get(one)!r:.200}"


def _facts(facts: Mapping[str, Any], kept: set[str], folded: refold.Folded) -> Iterator[str]:
    derived = {effect.key: effect for effect in folded.outcome.effects if isinstance(effect, Award)}
    for key in sorted(derived.keys() | facts.keys()):
        award, fact = derived.get(key), facts.get(key)
        if fact is None:
            yield f"award {key} is missing"
        elif award is None and key not in kept:
            yield f"award {key} stands, the fold does not derive it"
        elif award is not None and key in kept:
            yield f"award {key} stands as kept, the fold derives it"
        elif award is not None and (award.event.entry, award.event.place) != (fact.entry, fact.place):
            yield f"award {key} stands for entry {fact.entry}, the fold says {award.event.entry}"


def _getter(table: Table, names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    places = [list(table.c.keys()).index(name) for name in names]
    return lambda row: tuple(row[place] for place in places)


def _amounts(standing: Mapping[str, int], folded: refold.Folded) -> Iterator[str]:
    wanted = {effect.key: effect.amount for effect in folded.outcome.effects if isinstance(effect, Points)}
    wanted |= {key: fact.points for key, fact in folded.kept.items() if fact.points}
    for cause in sorted(standing.keys() | wanted.keys()):
        if standing.get(cause, 0) != wanted.get(cause, 0):
            yield f"transfers of {cause} add up to {standing.get(cause, 0)}, the fold says {wanted.get(cause, 0)}"


def kept_facts(connection: Connection) -> int:
    """How many awards stand although the fold no longer derives them: no difference, but told apart."""
    return len(connection.scalars(select(awards.c.no).where(awards.c.kept.is_not(None))).all())
