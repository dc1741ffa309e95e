"""What entries did, told on demand: their members are folded again, and what happens at these entries is listed.

Effects and skips are not stored for this: the fold gives them exactly, under the rules and profiles as the log now
reads.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from hub.directory.sets import among
from hub.gamification import engine
from hub.gamification.outcome import Award, Effect, Outcome, Paused, Points, Reached, Skip
from hub.gamification.plan import Plan
from hub.gamification.progress import Parts, beginning
from hub.ledger import folding, programs
from hub.ledger.tables import entries


@dataclass(frozen=True, slots=True)
class Told:
    """What one entry did, and what the rules of its type did not do."""

    effects: tuple[Effect, ...] = ()
    skips: tuple[Skip, ...] = ()


def of(connection: Connection, numbers: Iterable[int], now: int) -> dict[int, Told]:
    """What each of these digested entries did; events about an organization do nothing of this kind."""
    plan = programs.plan(connection)
    wanted = frozenset(numbers)
    if plan is None or not wanted:
        return {}
    t = entries.c
    rows = connection.execute(select(t.no, t.member).where(among(connection, t.no, wanted), t.member.is_not(None)))
    by_member: dict[int, set[int]] = defaultdict(set)
    for entry, member in rows:
        by_member[member].add(entry)
    told: dict[int, Told] = {}
    for member, mine in by_member.items():
        told |= _of_member(connection, plan, member, frozenset(mine), now)
    return told


def _of_member(connection: Connection, plan: Plan, member: int, mine: frozenset[int], now: int) -> Mapping[int, Told]:
    outcome = outcome_of(connection, plan, member, now, mine)
    effects: dict[int, list[Effect]] = defaultdict(list)
    skips: dict[int, list[Skip]] = defaultdict(list)
    for effect in outcome.effects:
        effects[effect.event.entry].append(effect)
    for skip in outcome.skips:
        skips[skip.event.entry].append(skip)
    return {entry: Told(tuple(effects[entry]), tuple(skips[entry])) for entry in mine}


def outcome_of(
    connection: Connection, plan: Plan, member: int, now: int, trace: frozenset[int] = frozenset()
) -> Outcome:
    """The fold of all that the member has digested, facts in their places; skips of the entries in `trace`."""
    given = folding.standing_given(connection, member, now)
    events = folding.digested(connection, member)
    return engine.fold(plan, beginning(plan), Parts(whole=True), events, given, trace)


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


def skip_json(skip: Skip) -> dict[str, Any]:
    return {"rule": skip.rule, "code": skip.code, "message": message(skip)}


def message(skip: Skip) -> str:
    """Why a rule gave nothing, as one sentence."""
    detail = skip.detail
    if skip.code == "cap":
        limit = f"{detail['points']} points" if "points" in detail else f"{detail['times']} awards"
        which = f"the cap {detail['cap']}" if detail.get("cap") else "the rule's cap"
        return f"{which} of {limit} per {detail['per']} is used up"
    if skip.code in _WHOSE and "name" in detail:
        return _unmet(_WHOSE[skip.code], detail)
    return _MESSAGES[skip.code]


def _unmet(whose: str, detail: Mapping[str, Any]) -> str:
    """The first test that decided, and the value it found."""
    verb = "excludes" if detail["excluded"] else "needs"
    wanted = " ".join(
        word for word in (detail["name"], _OPERATORS[detail["operator"]], _told(detail["wanted"])) if word
    )
    return f"the rule {verb} {wanted}; {whose} {_told(detail['found'])}"


def _told(value: Any) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return ", ".join(_told(one) for one in value)
    return str(value)


_WHOSE = {"condition": "the event has", "not_for_member": "the member then had"}
_OPERATORS = {
    "at_least": "at least",
    "more_than": "more than",
    "at_most": "at most",
    "less_than": "less than",
    "is": "",
    "not": "other than",
    "in": "one of",
    "not_in": "none of",
    "starts_with": "starting with",
    "present": "present:",
}


_MESSAGES = {
    "not_in_force": "the rule was not in force at the event's time",
    "not_for_member": "the rule is not for this member, as her profile was at the event's time",
    "condition": "the event does not meet the rule's condition",
    "once_per": "the rule has already given points for this",
    "cooldown": "too soon after the rule's last award",
    "nothing": "the amount comes to nothing",
}
