"""Taking work: whose entries a batch digests, and who it folds anew.

Two kinds. New entries of members that are up to date cost little and go first. Folding somebody anew, for a changed
profile or a new version, costs as much as she has entries: whoever waits for that is taken a few at a time, those with
new entries first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, Select, bindparam, exists, func, or_, select

from hub.directory import merges
from hub.directory.sets import among
from hub.gamification.events import Event
from hub.gamification.plan import Plan
from hub.ledger import bulk
from hub.ledger.changeover import older
from hub.ledger.folding import in_log_order
from hub.ledger.tables import entries, progress, set_aside
from hub.signals import queue, refolds

#: Entries a batch, and members; of those to be folded anew.
BATCH, MEMBERS, MEMBERS_ANEW = 10_000, 2_000, 200
#: On PostgreSQL a worker leaves half of them to others, but takes so many.
FEWEST = 100


class Kind(Enum):
    NEW, ANEW = "new entries", "folded anew"


@dataclass(frozen=True, slots=True)
class Stretch:
    """What may be digested now: what was known before `before` (None: all), by the versions there were."""

    plan: Plan
    before: int | None = None


@dataclass(slots=True)
class Taken:
    """The work of one batch: entries by who they are of (in the log's order); who is to be folded again in any case,
    and as of when that was asked for.
    """

    entries: dict[int, list[Event]] = field(default_factory=dict)
    again: dict[int, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(map(len, self.entries.values())) + len(self.again.keys() - self.entries.keys())


def kinds(connection: Connection, stretch: Stretch) -> list[Kind]:
    """The kinds of work that there are."""
    return [kind for kind in Kind if candidates(connection, stretch, kind, 1)]


def candidates(connection: Connection, stretch: Stretch, kind: Kind, most: int = BATCH) -> list[int]:
    """Who has work of this kind, the longest waiting first; `most`: of so many entries."""
    anybody = bool(connection.scalar(select(or_(*(exists(query) for query in _behind(stretch))))))
    if kind is Kind.NEW:
        waiting = _queued(stretch, most)
        return _owners(connection, waiting.where(~_is_behind(stretch)) if anybody else waiting)[:MEMBERS]
    if not anybody:
        return []
    waiting = _queued(stretch, min(most, MEMBERS_ANEW)).where(_is_behind(stretch))
    found = dict.fromkeys(_owners(connection, waiting))
    for query in _behind(stretch):
        if len(found) < MEMBERS_ANEW:
            found |= dict.fromkeys(connection.scalars(query.limit(MEMBERS_ANEW)))
    return list(found)[:MEMBERS_ANEW]


#: Who an entry in the queue is of: a member, or an organization's number negated.
_OWNER: ColumnElement[int] = func.coalesce(merges.root(queue.c.member), -queue.c.organization)


def _queued(stretch: Stretch, most: int) -> Select[Any]:
    return _aside(_within(stretch, select(_OWNER)), _OWNER).order_by(queue.c.entry).limit(most)


def _within(stretch: Stretch, waiting: Select[Any]) -> Select[Any]:
    """Of queued entries those that were known before."""
    if stretch.before is None:
        return waiting
    return waiting.join(entries, entries.c.no == queue.c.entry).where(entries.c.known_at < stretch.before)


def _aside(query: Select[Any], who: ColumnElement[int]) -> Select[Any]:
    """Without those that are set aside."""
    return query.where(~select(set_aside.c.member).where(set_aside.c.member == who).exists())


def _behind(stretch: Stretch) -> tuple[Select[Any], ...]:
    """Who is to be folded anew: asked for, or of an older version."""
    asked = _asked(stretch, _aside(select(refolds.c.member), refolds.c.member))
    return asked, select(progress.c.member).where(older(stretch.plan.newest.number))


def _is_behind(stretch: Stretch) -> ColumnElement[bool]:
    """Whether who has the entry must be folded anew first."""
    asked, of_older_version = _behind(stretch)
    return or_(
        asked.where(refolds.c.member == _OWNER).exists(), of_older_version.where(progress.c.member == _OWNER).exists()
    )


def _asked(stretch: Stretch, again: Select[Any]) -> Select[Any]:
    """Of those to be folded again those of whom it was asked before."""
    return again if stretch.before is None else again.where(refolds.c.at < stretch.before)


def _owners(connection: Connection, query: Select[Any]) -> list[int]:
    return list(dict.fromkeys(connection.scalars(query)))


def open_rows(connection: Connection, found: list[int]) -> None:
    """Give each of them a row to lock, in a transaction that ends at once: whoever inserts a row that another worker
    has just made, or is just writing, waits until that one has committed.
    """
    known = set(connection.scalars(select(progress.c.member).where(among(connection, progress.c.member, found))))
    rows = [(who, 0, b"") for who in sorted(found) if who not in known]
    bulk.insert(connection, progress, ("member", "version", "state"), rows, ignore=True)


def filling(connection: Connection, found: list[int]) -> int:
    """How many of them, from the first on, fill a batch: an entry costs less in the fold of many than in one of few."""
    at, waiting, step = 0, 0, FEWEST
    while at < len(found):
        some = found[at : at + step]
        counted = select(queue.c.member, func.count()).where(among(connection, queue.c.member, some))
        counts: dict[int, int] = dict(connection.execute(counted.group_by(queue.c.member)).all())
        for who in some:
            at += 1
            waiting += counts.get(who, 1)
            if waiting >= BATCH:
                return at
        step *= 4
    return at


def lock(connection: Connection, found: list[int], most: int) -> list[int]:
    """Take the lease on half of them at most, the first ones that nobody has, so that another worker finds work too;
    and on no more than `most`.
    """
    share = min(max(len(found) // 2, FEWEST), most)
    place = func.array_position(bindparam("found", found, ARRAY(BigInteger)), progress.c.member)
    rows = select(progress.c.member).where(among(connection, progress.c.member, found)).order_by(place)
    # Who was merged since stands as she did until the other one is folded.
    rows = rows.where(~merges.merged(progress.c.member))
    return list(connection.scalars(rows.limit(share).with_for_update(skip_locked=True)))


def take(connection: Connection, stretch: Stretch, kind: Kind, who: Iterable[int]) -> Taken:
    """All that these have in the queue, the oldest first; what goes over a batch is left to the next one."""
    everybody = list(who)
    if not everybody:
        return Taken()
    members = merges.with_merged(connection, [n for n in everybody if n > 0])
    organizations = [-n for n in everybody if n < 0]
    rows = connection.execute(
        _within(stretch, select(queue.c.entry, queue.c.member, queue.c.organization))
        .where(_of(connection, members, organizations))
        .order_by(queue.c.entry)
        .limit(BATCH)
    ).all()
    owners = {entry: members[member] if member else -organization for entry, member, organization in rows}
    asked = connection.execute(_asked(stretch, select(refolds)).where(among(connection, refolds.c.member, everybody)))
    taken = Taken(in_log_order(connection, owners), {row.member: row.at for row in asked})
    if kind is Kind.ANEW:
        for one in everybody:
            taken.again.setdefault(one, 0)
    return taken


def _of(connection: Connection, members: Iterable[int], organizations: list[int]) -> ColumnElement[bool]:
    """Of queued entries those of these members and organizations."""
    of_members = among(connection, queue.c.member, members)
    # Only where it must be: organizations have no index, and SQLite would search all of the queue.
    return or_(of_members, among(connection, queue.c.organization, organizations)) if organizations else of_members
