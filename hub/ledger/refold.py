"""Folding a member again: late events, a changed past, a new version of the program.

State and amounts come out of one fold over everything in canonical order. Awards are facts: what the fold derived
after some
entry of the log, entries taken one after another. So where a late entry could take an award away, the log is read up
to just
before it and again after it; an award that is gone by then stays as a kept one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hub.gamification import engine
from hub.gamification.engine import Award, Outcome
from hub.gamification.events import Event, Place
from hub.gamification.plan import Plan
from hub.gamification.progress import Given, Kept, Parts, State, beginning

LATE = "late"

#: A kept award can make itself due (by its points) and, once taken off, not due again: then it stays kept.
_MOST_TRIES = 1_000


@dataclass(slots=True)
class Folded:
    """A member folded from the beginning. `kept`: the awards that stand although the fold does not derive them."""

    state: State
    parts: Parts
    outcome: Outcome
    kept: dict[str, Kept]


def again(
    plan: Plan, known: Sequence[Event], new: Sequence[Event], facts: Mapping[str, Kept], kept: set[str], given: Given
) -> Folded:
    """Fold everything: `known` and `new` (the latter in the log's order). `facts` are the awards that stand, `kept`
    the keys of the kept ones.
    """
    events = sorted([*known, *new])
    facts, kept = dict(facts), set(kept)
    for before in _steps(plan, known, new):
        folded = _with_facts(plan, before, facts, kept, given)
        facts, kept = _facts_after(folded, facts), set(folded.kept)
    return _with_facts(plan, events, facts, kept, given)


def _steps(plan: Plan, known: Sequence[Event], new: Sequence[Event]) -> list[list[Event]]:
    """What the log held just before each entry that may take an award away."""
    read, steps = list(known), []
    newest: Place | None = max((event.place for event in known), default=None)
    for event in new:
        late = newest is not None and event.place < newest
        if late and plan.fragile.by(event.type, event.time, event.data):
            steps.append(sorted(read))
        read.append(event)
        newest = event.place if newest is None else max(newest, event.place)
    return steps


def _with_facts(plan: Plan, events: Sequence[Event], facts: Mapping[str, Kept], kept: set[str], given: Given) -> Folded:
    """One fold in which every fact stands: derived, or kept."""
    kept, stubborn = set(kept), set[str]()
    posted = {key: fact.points for key, fact in facts.items()}
    for _ in range(_MOST_TRIES):
        state, parts = beginning(plan), Parts(whole=True)
        stand = tuple(facts[key] for key in sorted(kept))
        outcome = engine.fold(plan, state, parts, events, replace(given, kept=stand, posted=posted))
        due = set(outcome.due_again) - stubborn
        if due:
            kept -= due
            stubborn |= due
            continue
        derived = {effect.key for effect in outcome.effects if isinstance(effect, Award)}
        missing = facts.keys() - derived - kept
        if not missing:
            return Folded(state, parts, outcome, {key: facts[key] for key in kept})
        kept |= missing
    raise RuntimeError("the member's awards do not settle")


def _facts_after(folded: Folded, facts: Mapping[str, Kept]) -> dict[str, Kept]:
    return {**facts, **{award.key: fact_of(award) for award in folded.outcome.effects if isinstance(award, Award)}}


def fact_of(award: Award) -> Kept:
    return Kept(
        award.key,
        award.kind,
        award.badge,
        award.tier,
        award.object,
        award.window,
        award.points,
        award.event.place,
        award.event.entry,
        award.version,
    )
