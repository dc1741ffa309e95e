"""What entries did, told on demand: their members are folded again, and what happens at these entries is listed.

Effects and skips are not stored for this: the fold gives them exactly, under the rules and profiles as the log now
reads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from hub.directory import merges
from hub.directory.sets import among
from hub.gamification import engine
from hub.gamification.because import Because
from hub.gamification.outcome import Award, Effect, Paused, Points, Reached, Skip
from hub.gamification.plan import Plan
from hub.gamification.progress import Parts, beginning
from hub.ledger import folding, log, programs, reversals
from hub.ledger.refold import TAKEN_BACK
from hub.ledger.tables import entries


@dataclass(frozen=True, slots=True)
class Told:
    """What one entry did, and what the rules of its type did not do. `because`: what made each effect, where there is
    more to say than the effect says; `profile`: the member's, in force at the event's time.
    """

    effects: tuple[Effect, ...] = ()
    skips: tuple[Skip, ...] = ()
    because: tuple[Because | None, ...] = ()
    profile: Mapping[str, Any] = field(default_factory=dict)


def of(connection: Connection, numbers: Iterable[int], now: int) -> dict[int, Told]:
    """What each of these digested entries did; events about an organization do nothing of this kind."""
    plan = programs.plan(connection)
    wanted = frozenset(numbers)
    if plan is None or not wanted:
        return {}
    t = entries.c
    rows = connection.execute(
        select(t.no, merges.root(t.member)).where(among(connection, t.no, wanted), t.member.is_not(None))
    )
    by_member: dict[int, set[int]] = defaultdict(set)
    for entry, member in rows:
        by_member[member].add(entry)
    told: dict[int, Told] = {}
    for member, mine in by_member.items():
        told |= _of_member(connection, plan, member, frozenset(mine), now)
    return told


def _of_member(connection: Connection, plan: Plan, member: int, mine: frozenset[int], now: int) -> Mapping[int, Told]:
    given = folding.standing_given(connection, member, now)
    events = folding.digested(connection, member)
    outcome = engine.fold(plan, beginning(plan), Parts(whole=True), events, given, mine)
    effects: dict[int, list[Effect]] = defaultdict(list)
    because: dict[int, list[Because | None]] = defaultdict(list)
    skips: dict[int, list[Skip]] = defaultdict(list)
    for place, effect in enumerate(outcome.effects):
        effects[effect.event.entry].append(effect)
        because[effect.event.entry].append(outcome.because.get(place))
    for skip in (*outcome.skips, *_taken_back(connection, plan, mine)):
        skips[skip.event.entry].append(skip)
    times = {event.entry: event.time for event in events if event.entry in mine}
    profiles = {entry: given.timeline.at(time).values for entry, time in times.items()}
    return {
        entry: Told(tuple(effects[entry]), tuple(skips[entry]), tuple(because[entry]), profiles.get(entry, {}))
        for entry in mine
    }


def _taken_back(connection: Connection, plan: Plan, mine: frozenset[int]) -> Iterator[Skip]:
    """Of an event that was taken back every rule of its type gives nothing."""
    found = reversals.taken_back(connection, mine)
    undigested = log.pending(connection, set().union(*found.values()))
    gone = [number for number, by in found.items() if by - undigested]
    for _, event in sorted(log.of_entries(connection, gone).items()):
        for rule in plan.touched(event.type, event.time).rules:
            yield Skip(rule.rule.key, TAKEN_BACK, {}, event, rule.version)


def effect_json(effect: Effect) -> dict[str, Any]:
    """An effect as SURFACE.md writes it."""
    if isinstance(effect, Points):
        return {"kind": "points", effect.cause: effect.name, "amount": effect.amount}
    if isinstance(effect, Award):
        if effect.kind == "level":
            return {"kind": "level", "level": effect.badge}
        tier = {} if effect.tier is None else {"tier": effect.tier}
        return {"kind": "badge", "badge": effect.badge, **tier}
    if isinstance(effect, Reached):
        return {"kind": "goal", "goal": effect.goal, "window": effect.window, "status": "reached"}
    if isinstance(effect, Paused):
        days = {"from": date.fromordinal(effect.first).isoformat(), "to": date.fromordinal(effect.last).isoformat()}
        return {"kind": "pause", "streak": effect.streak, **days}
    return {"kind": "streak", "streak": effect.streak, "current": effect.current}
