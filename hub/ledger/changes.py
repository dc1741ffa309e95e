"""What publishing a draft would change, member by member: the very folds that the worker would do, held against what
stands.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, union

from hub.db import reader
from hub.directory.sets import among
from hub.directory.tables import members
from hub.gamification.faults import Fault
from hub.gamification.homepages import Widgets
from hub.gamification.outcome import Outcome, Points, Reached
from hub.gamification.plan import Plan, Version
from hub.gamification.progress import Kept
from hub.ledger import folding, log, programs
from hub.ledger.folding import Drafted, connection_rows
from hub.ledger.refold import Folded
from hub.ledger.standings import cause_of
from hub.ledger.tables import goals_reached, progress, set_aside
from hub.ledger.writing import standing_amounts
from hub.signals import queue

MEMBERS_A_TIME = 100
#: Causes that a program prices. What was given by hand, or won, is the same under each.
PRICED = ("rule", "badge", "goal", "action", "survey")


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft, with what it is held against: in force from now on, and since an instant; entries by member that its
    publication would apply.
    """

    plan: Plan
    at_once: Plan
    what_if: Plan
    released: Mapping[int, Sequence[int]]
    now: int
    since: int

    @property
    def version(self) -> Version:
        return self.at_once.newest


class Overtaken(Exception):
    """A version was published meanwhile: what was worked out so far is of another one."""


def draft(text: str | bytes, now: int, since: int, widgets: Widgets) -> Draft | list[Fault]:
    """A program file as the next version; or its faults."""
    with reader() as connection:
        plan = programs.plan(connection)
        if plan is None:
            return [Fault("", "unpublished", "no program is published yet: there is nothing to compare a draft with")]
        version = programs.draft(connection, text, now, widgets)
        if isinstance(version, list):
            return version
        released = log.releasable(connection, version.program.events)
    at_once = Plan([*plan.versions, version])
    what_if = Plan([*plan.versions, replace(version, in_force_from=since)])
    return Draft(plan, at_once, what_if, released, now, since)


class Both(NamedTuple):
    """What a cause has posted, and what it would have."""

    posted: int
    drafted: int


@dataclass(frozen=True, slots=True)
class Change:
    """What one publication would change for one member: awards that did not stand, in the order of their events;
    awards that are kept from then on; goals with the windows in which they are reached from then on, and no longer are;
    amounts by cause key, those that change and those of the time that is looked at.
    """

    given: tuple[Kept, ...]
    kept: tuple[Kept, ...]
    reached: tuple[tuple[str, str], ...]
    missed: tuple[tuple[str, str], ...]
    amounts: Mapping[str, Both]

    @property
    def points(self) -> int:
        return sum(both.drafted - both.posted for both in self.amounts.values())

    @property
    def nothing(self) -> bool:
        changed = any(both.drafted != both.posted for both in self.amounts.values())
        return not (changed or self.given or self.kept or self.reached or self.missed)


@dataclass(frozen=True, slots=True)
class MemberChange:
    """`profile`: what the member is now; `outcome`: all that the fold of the second question decided, skips told of
    what happened since then.
    """

    member: str
    profile: Mapping[str, Any]
    on_publishing: Change
    what_if: Change
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Failed:
    """The draft cannot be worked out for this member, who would be set aside."""

    member: str


class _Stood(NamedTuple):
    """What stands of a member, or would: awards, those of them that are kept, goals reached; by cause key its sum and
    the time of its event.
    """

    facts: Mapping[str, Kept]
    kept: set[str]
    reached: set[tuple[str, str]]
    amounts: Mapping[str, tuple[int, int]]


def _folded(folded: Folded) -> _Stood:
    amounts = {one.key: (one.amount, one.event.time) for one in folded.outcome.effects if isinstance(one, Points)}
    amounts |= {key: (fact.points, fact.place[0]) for key, fact in folded.kept.items() if fact.points}
    reached = {(one.goal, one.window) for one in folded.outcome.effects if isinstance(one, Reached)}
    return _Stood(folded.facts(), set(folded.kept), reached, amounts)


def _change(before: _Stood, after: _Stood, since: int | None) -> Change:
    """`since`: amounts of what happened from then on; None: only those that change."""
    given = [fact for key, fact in after.facts.items() if key not in before.facts]
    kept = [after.facts[key] for key in sorted(after.kept - before.kept) if key in before.facts]
    amounts = {}
    for key in sorted(before.amounts.keys() | after.amounts.keys()):
        (posted, then), (drafted, now) = before.amounts.get(key, _NONE), after.amounts.get(key, _NONE)
        looked_at = since is not None and max(then, now) >= since and cause_of(key)[0] in PRICED
        if posted != drafted or looked_at:
            amounts[key] = Both(posted, drafted)
    return Change(
        tuple(sorted(given, key=lambda fact: (fact.place, fact.key))),
        tuple(kept),
        tuple(sorted(after.reached - before.reached)),
        tuple(sorted(before.reached - after.reached)),
        amounts,
    )


_NONE = (0, -(2**62))


def count(draft: Draft) -> int:
    """About how many `everybody` are."""
    with reader() as connection:
        of = connection.scalar(select(func.count()).select_from(progress).where(progress.c.member > 0))
    return max(of or 0, len(draft.released))


def everybody(draft: Draft) -> Iterator[MemberChange | Failed]:
    """What the draft changes for each member of whom anything is in the log, or would be; who is set aside is left out,
    for a publication leaves her alone. Raises Overtaken.
    """
    last, released = 0, sorted(draft.released)
    while True:
        with reader() as connection:
            newest = programs.newest(connection)
            if newest is None or newest.number != draft.plan.newest.number:
                raise Overtaken
            who = _next(connection, last, released)
            if not who:
                return
            yield from _of_members(connection, draft, who)
        last = who[-1]


def _next(connection: Connection, last: int, released: Sequence[int]) -> list[int]:
    known, waiting = progress.c.member, queue.c.member
    both = union(select(known).where(known > last), select(waiting).where(waiting > last)).subquery()
    coming = released[bisect_right(released, last) :][:MEMBERS_A_TIME]
    found = connection.scalars(select(both.c[0]).order_by(both.c[0]).limit(MEMBERS_A_TIME))
    return sorted({*found, *coming})[:MEMBERS_A_TIME]


def _of_members(connection: Connection, draft: Draft, who: Sequence[int]) -> Iterator[MemberChange | Failed]:
    aside = set(connection.scalars(select(set_aside.c.member).where(among(connection, set_aside.c.member, who))))
    numbers = [no for one in who for no in draft.released.get(one, ())]
    events = log.held_events(connection, numbers, draft.version.published_at)
    coming = {one: [events[no] for no in draft.released.get(one, ())] for one in who if one not in aside}
    names = {row.no: row.id for row in connection_rows(connection, members, who, "no")}
    standing = _standing(connection, list(coming))
    drafts = (draft.at_once, draft.what_if)
    for one in folding.drafted(connection, draft.plan, drafts, coming, draft.now, draft.since):
        before = standing[one.who] if one.before is None else _folded(one.before)
        yield _changed(draft, names[one.who], one, before)


def _changed(draft: Draft, member: str, one: Drafted, before: _Stood) -> MemberChange | Failed:
    if not one.after:
        return Failed(member)
    first, second = (_folded(folded) for folded in one.after)
    return MemberChange(
        member,
        one.profile,
        _change(before, first, None),
        _change(before, second, draft.since),
        one.after[-1].outcome,
    )


def _standing(connection: Connection, who: Sequence[int]) -> dict[int, _Stood]:
    facts = folding.facts(connection, who)
    reached: dict[int, set[tuple[str, str]]] = {}
    for row in connection_rows(connection, goals_reached, who):
        reached.setdefault(row.member, set()).add((row.goal, row.window))
    found = {}
    for one in who:
        kept, awards = facts.get(one, (set(), {}))
        amounts = {
            cause: (each.amount, each.at) for cause, each in standing_amounts(connection, [one]).get(one, {}).items()
        }
        found[one] = _Stood(awards, kept, reached.get(one, set()), amounts)
    return found
