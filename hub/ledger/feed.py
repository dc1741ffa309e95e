"""The feed: every effect, in the order in which it was written, for systems that react to them.

A digest adds a row a member with all that it did to her, packed; what is in a row keeps its place there, which is an
effect's name for ever. Each batch takes a ticket when it writes, above the id of every transaction that had begun by
then: so once all transactions below a ticket have ended, no row with a smaller one can appear any more, and it may be
read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, func, literal_column, select, text, tuple_, update

from hub.db import db, on_sqlite
from hub.directory.sets import among
from hub.directory.tables import members, present
from hub.gamification.outcome import Award, Effect, Extended, Paused, Points, Reached
from hub.gamification.plan import Plan
from hub.ledger import bulk
from hub.ledger.refold import Ended
from hub.ledger.standings import cause_of
from hub.ledger.tables import awards, entries, feed, goals_reached

if TYPE_CHECKING:
    from hub.ledger.folding import Result
    from hub.ledger.writing import Line

#: Effects a row; and how many rows one question looks at, whoever's they are.
EFFECTS, ROWS = 200, 50_000

Kind = Literal["points", "correction", "badge", "level", "goal", "streak", "pause", "kept", "revoked"]
#: What an effect tells, by its kind. Rows hold places in this table: it is only ever added to, at its ends.
FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "points": ("cause", "key", "amount"),
    "correction": ("cause", "key", "amount", "corrects"),
    "badge": ("badge", "tier", "object", "window"),
    "level": ("level",),
    "goal": ("goal", "window", "status"),
    "streak": ("streak", "current"),
    "pause": ("streak", "from", "to"),
    "kept": ("award", "key", "tier", "object", "window", "kept"),
    "revoked": ("badge", "tier", "object", "window", "revoked"),
}
_KINDS = tuple(FIELDS)
_PLACES = {kind: place for place, kind in enumerate(_KINDS)}

_pack = msgspec.msgpack.Encoder(enc_hook=str).encode
_unpack = msgspec.msgpack.Decoder().decode


class Change(NamedTuple):
    """One effect: its kind, the entry that it is of, and its values in the order of `FIELDS`."""

    kind: Kind
    entry: int
    told: tuple[Any, ...]


# -------------------------------------------------------------------------------------------------------------- writing


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of members who are folded from the beginning: awards by key, and the entries that reached goals."""

    awards: Mapping[int, Mapping[str, Row[Any]]]
    goals: Mapping[int, Mapping[tuple[str, str], int]]


def standing(connection: Connection, again: Sequence[int]) -> Standing:
    """What stands of these members: their folds come to all of it anew, and only what differs is told."""
    of_awards: dict[int, dict[str, Row[Any]]] = {who: {} for who in again}
    of_goals: dict[int, dict[tuple[str, str], int]] = {who: {} for who in again}
    if again:
        for row in connection.execute(_AWARDS.where(among(connection, awards.c.member, again))):
            of_awards[row.member][row.key] = row
        for row in connection.execute(select(goals_reached).where(among(connection, goals_reached.c.member, again))):
            of_goals[row.member][row.goal, row.window] = row.entry
    return Standing(of_awards, of_goals)


_AWARDS = select(
    *(awards.c[name] for name in ("member", "key", "kind", "badge", "tier", "object", "window", "entry", "kept"))
).order_by(awards.c.no)


def write(
    connection: Connection,
    plan: Plan,
    results: Sequence[Result],
    lines: Mapping[int, Sequence[Line]],
    before: Standing,
    now: int,
) -> None:
    """Tell what these folds changed, once it is written; `lines` are the transfers that they called for, `before` is
    what stood of those that were folded from the beginning.
    """
    after = standing(connection, list(before.awards))
    rows = []
    for result in results:
        who, entered = result.who, set(result.digested)
        if result.folded is None:
            told = [_told(effect) for effect in result.outcome.effects]
        else:
            told = [_line(line) for line in lines[who]]
            told += _changed_awards(before.awards[who], after.awards[who], result.folded.ended)
            told += _changed_goals(plan, before.goals[who], after.goals[who], now)
            told += [_told(effect) for effect in _of_streaks(result) if effect.event.entry in entered]
        packed = [_packable(one, historic=result.published and one.entry not in entered) for one in told]
        rows += [(who, now, packed[at : at + EFFECTS]) for at in range(0, len(packed), EFFECTS)]
    _insert(connection, rows)


def _of_streaks(result: Result) -> Iterator[Effect]:
    return (effect for effect in result.outcome.effects if isinstance(effect, Extended | Paused))


def _told(effect: Effect) -> Change:
    entry = effect.event.entry
    if isinstance(effect, Points):
        return Change("points", entry, (effect.cause, effect.name, effect.amount))
    if isinstance(effect, Award):
        return _award(effect, entry)
    if isinstance(effect, Reached):
        return Change("goal", entry, (effect.goal, effect.window, "reached"))
    if isinstance(effect, Paused):
        return Change("pause", entry, (effect.streak, _date(effect.first), _date(effect.last)))
    return Change("streak", entry, (effect.streak, effect.current))


def _date(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def _award(award: Any, entry: int) -> Change:
    """`award`: as the fold gives it, or as it stands."""
    if award.kind == "level":
        return Change("level", entry, (award.badge,))
    return Change("badge", entry, (award.badge, award.tier, award.object, award.window))


def _line(line: Line) -> Change:
    if line.corrects is None:
        return Change("points", line.entry, (*cause_of(line.cause), line.amount))
    return Change("correction", line.entry, (*cause_of(line.cause), line.amount, line.corrects))


def _changed_awards(
    before: Mapping[str, Row[Any]], after: Mapping[str, Row[Any]], ended: Iterable[Ended]
) -> Iterator[Change]:
    """Awards that stood and ended; those that are new; and those that are kept from now on, or no longer only kept."""
    standing = dict(before)
    for one in ended:
        if standing.pop(one.fact.key, None) is not None:
            fact = one.fact
            yield Change("revoked", fact.entry, (fact.badge, fact.tier, fact.object, fact.window, one.reason))
    for key, row in after.items():
        if key not in standing:
            yield _award(row, row.entry)
        if row.kept != (standing[key].kept if key in standing else None):
            told = (row.kind, row.badge, row.tier, row.object, row.window, row.kept)
            yield Change("kept", row.entry, told)


def _changed_goals(
    plan: Plan, before: Mapping[tuple[str, str], int], after: Mapping[tuple[str, str], int], now: int
) -> Iterator[Change]:
    """Goals that are reached now; and those that no longer are."""
    for (goal, window), entry in after.items():
        if (goal, window) not in before:
            yield Change("goal", entry, (goal, window, "reached"))
    for (goal, window), entry in before.items():
        if (goal, window) not in after:
            held = plan.calendar.named(window)
            yield Change("goal", entry, (goal, window, "open" if held is None or now < held.end else "missed"))


def _packable(one: Change, *, historic: bool) -> tuple[Any, ...]:
    return (_PLACES[one.kind], one.entry, historic, *one.told)


def _insert(connection: Connection, rows: Sequence[tuple[int, int, list[Any]]]) -> None:
    """Add rows of (member, instant, effects), all under one ticket; the effects of a ticket are counted through."""
    if not rows:
        return
    ticket, first = _ticket(connection), 0
    numbered = []
    for who, now, effects in rows:
        numbered.append((ticket, first, who, now, _pack(effects)))
        first += len(effects)
    bulk.insert(connection, feed, ("ticket", "first", "member", "posted_at", "effects"), numbered)


def _ticket(connection: Connection) -> int:
    if on_sqlite(connection):
        # One writer at a time.
        return (connection.scalar(select(func.max(feed.c.ticket))) or 0) + 1
    # A transaction of its own, whose id is above all that were given; ours is as old as this batch.
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other:
        return int(other.scalar(text("SELECT pg_current_xact_id()::text::bigint")) or 0)


def reword(connection: Connection, members: Collection[int], map_: Callable[[Any], Any]) -> None:
    """Tell the same effects of these members in other words: each keeps its place."""
    t = feed.c
    for row in connection.execute(select(feed).where(among(connection, t.member, members))).all():
        effects = _unpack(row.effects)
        told = map_(effects)
        if told != effects:
            here = (t.ticket == row.ticket, t.first == row.first)
            connection.execute(update(feed).where(*here).values(effects=_pack(told)))


# -------------------------------------------------------------------------------------------------------------- reading


class Place(NamedTuple):
    """An effect: the ticket of its batch, and its number there."""

    ticket: int
    number: int


BEGINNING = Place(0, -1)


@dataclass(frozen=True, slots=True)
class Told:
    """An effect as the feed tells it: `fields` by name, without those that are not set."""

    place: Place
    member: str
    posted_at: int
    kind: Kind
    fields: Mapping[str, Any]
    historic: bool
    entry: int
    at: int  # the event's time
    source: str
    id: str


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Told]
    next: Place | None  # None: there is nothing more at the moment


def after(connection: Connection, place: Place, limit: int, organization: int | None = None) -> Page:
    """So many effects behind a place, in the snapshot of `connection`; of an organization's members only, where one is
    named. A page may hold less, or nothing, and yet not be the last.
    """
    query = _ROWS.where(*_readable(connection, place))
    rest = None
    if organization is not None:
        query = query.join(present, present.c.member == _T.member).where(present.c.organization == organization)
        # Theirs may be few among many: one question looks only so far.
        rest = connection.execute(_KEYS.where(*_readable(connection, place)).offset(ROWS).limit(1)).first()
        query = query if rest is None else query.where(tuple_(*_KEY) < tuple_(*rest))
    found: list[_Found] = []
    # The first row may hold nothing new, each other one holds something.
    for row in connection.execute(query.order_by(*_KEY).limit(limit + 2)):
        effects = enumerate(_unpack(row.effects), row.first)
        found += [_Found(at, row, one) for number, one in effects if (at := Place(row.ticket, number)) > place]
    items = _items(connection, found[:limit])
    if len(found) > limit:
        return Page(items, items[-1].place)
    return Page(items, None if rest is None else Place(rest.ticket, rest.first - 1))


class _Found(NamedTuple):
    place: Place
    row: Any
    effect: list[Any]


def _readable(connection: Connection, place: Place) -> list[ColumnElement[bool]]:
    """The rows with effects behind a place, before which none can appear any more."""
    behind = tuple_(*_KEY) > tuple_(place.ticket, place.number - EFFECTS)
    if on_sqlite(connection):
        return [behind]
    return [behind, _T.ticket <= literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint")]


_T = feed.c
_KEY = (_T.ticket, _T.first)
_KEYS = select(*_KEY).order_by(*_KEY)
_ROWS = select(*_KEY, _T.posted_at, _T.effects, members.c.id.label("member")).join(members, members.c.no == _T.member)


def _items(connection: Connection, found: Sequence[_Found]) -> list[Told]:
    t = entries.c
    wanted = {entry for _, _, (_, entry, *_) in found}
    rows = connection.execute(select(t.no, t.time, t.source, t.id).where(among(connection, t.no, wanted)))
    events = {row.no: row for row in rows}
    items = []
    for place, row, (kind, entry, historic, *told) in found:
        name, event = _KINDS[kind], events[entry]
        fields = {field: value for field, value in zip(FIELDS[name], told, strict=True) if value is not None}
        items.append(
            Told(place, row.member, row.posted_at, name, fields, historic, entry, event.time, event.source, event.id)
        )
    return items
