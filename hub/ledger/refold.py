"""Folding a member again: late events, a changed past, a new version of the program.

State and amounts come out of one fold over everything in canonical order. Awards are facts: what the fold derived
after some entry of the log, entries taken one after another. So where an entry could take an award away, the log is
read up to just before it and again after it; an award that is gone by then stays as a kept one.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.gamification import engine
from hub.gamification.events import Event
from hub.gamification.outcome import Award, Outcome
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
    reading = _Reading(plan, known, facts, kept, given)
    for event in new:
        reading.take(event)
    return reading.fold()


class _Reading:
    """The log, read entry by entry as far as that matters: `facts` and `kept` are what stood after some entry, and
    since then none has come that could take an award away.

    A late entry may do so if the plan says it is fragile. Where something is kept, any entry may: what is kept can come
    due again at another place, and takes its points along.
    """

    def __init__(
        self, plan: Plan, known: Sequence[Event], facts: Mapping[str, Kept], kept: set[str], given: Given
    ) -> None:
        self.plan, self.given = plan, given
        self.events = sorted(known)
        self.facts, self.kept = dict(facts), set(kept)
        self.folded: Folded | None = None  # of all events, where it is at hand
        self.settled = True  # facts and kept are those after the last event

    def take(self, event: Event) -> None:
        late = bool(self.events) and event.place < self.events[-1].place
        careful = bool(self.kept) or (late and self.plan.fragile.by(event.type, event.time, event.data))
        if careful and not self.settled:
            self.fold()
        insort(self.events, event)
        if late:
            self.folded = None
        elif self.folded is not None:
            self._go_on(self.folded, event)
        self.settled = self.folded is not None
        if careful:
            self.fold()

    def fold(self) -> Folded:
        """What stands after the last entry."""
        if self.folded is None:
            self.folded = _with_facts(self.plan, self.events, self.facts, self.kept, self.given)
            self.facts |= _facts_of(self.folded.outcome)
            self.kept = set(self.folded.kept)
            self.settled = True
        return self.folded

    def _go_on(self, folded: Folded, event: Event) -> None:
        """Add an entry that comes after all others to the fold at hand."""
        given = _standing(self.given, self.facts, self.kept)
        outcome = engine.fold(self.plan, folded.state, folded.parts, [event], given)
        if outcome.due_again:
            self.folded = None
            return
        folded.outcome.effects += outcome.effects
        folded.outcome.values |= outcome.values
        folded.outcome.organizations |= outcome.organizations
        self.facts |= _facts_of(outcome)


def _with_facts(plan: Plan, events: Sequence[Event], facts: Mapping[str, Kept], kept: set[str], given: Given) -> Folded:
    """One fold in which every fact stands: derived, or kept."""
    kept, stubborn = set(kept), set[str]()
    for _ in range(_MOST_TRIES):
        state, parts = beginning(plan), Parts(whole=True)
        outcome = engine.fold(plan, state, parts, events, _standing(given, facts, kept))
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


def _standing(given: Given, facts: Mapping[str, Kept], kept: Collection[str]) -> Given:
    stand = tuple(facts[key] for key in sorted(kept))
    return replace(given, kept=stand, posted={key: fact.points for key, fact in facts.items()})


def _facts_of(outcome: Outcome) -> dict[str, Kept]:
    return {award.key: fact_of(award) for award in outcome.effects if isinstance(award, Award)}


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
