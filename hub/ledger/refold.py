"""Folding a member again: late events, a changed past, a new version of the program.

State and amounts come out of one fold over everything in canonical order. Awards are facts: what the fold derived
after some entry of the log, entries taken one after another. So where an entry could take an award away, the log is
read up to just before it and again after it; an award that is gone by then stays as a kept one. A publication is a
place in the log like an entry: what came before it is read with the versions there were.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hub.gamification import engine
from hub.gamification.events import Event
from hub.gamification.outcome import Award, Effect, Outcome, Points
from hub.gamification.plan import Plan
from hub.gamification.progress import Given, Kept, Parts, State, beginning

#: Why an award is kept: what came into the log when the fold last derived it.
LATE, VERSION = "late", "version"

#: A kept award can make itself due (by its points) and, once taken off, not due again: then it stays kept.
_MOST_TRIES = 1_000


@dataclass(slots=True)
class Folded:
    """A member folded from the beginning. `kept`: the awards that stand although the fold does not derive them;
    `reasons` says why, of those that are kept since.
    """

    state: State
    parts: Parts
    outcome: Outcome
    kept: dict[str, Kept]
    reasons: dict[str, str] = field(default_factory=dict)


def again(
    plan: Plan,
    known: Sequence[Event],
    new: Sequence[Event],
    facts: Mapping[str, Kept],
    kept: set[str],
    given: Given,
    version: int | None = None,
) -> Folded:
    """Fold everything: `known` and `new` (the latter in the log's order). `facts` are the awards that stand, `kept`
    the keys of the kept ones, `version` the one that `known` was folded with; None: the plan's newest.
    """
    since = plan.newest.number if version is None else version
    reading = _Reading(plan.as_of(since), known, facts, kept, given)
    later = list(plan.published_since(since))
    for event in new:
        while later and later[0].read < event.read:
            reading.turn_to(plan.as_of(later.pop(0).number))
        reading.take(event)
    for published in later:
        reading.turn_to(plan.as_of(published.number))
    return reading.end()


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
        self.reasons: dict[str, str] = {}
        self.folded: Folded | None = None  # of all events, where it is at hand
        self.settled = True  # facts and kept are those after the last event

    def turn_to(self, plan: Plan) -> None:
        """A version is published: what stood before it stays, and all is folded with it."""
        if not self.settled:
            self.fold()
        self.plan, self.folded = plan, None
        self.fold(VERSION)

    def take(self, event: Event) -> None:
        late = bool(self.events) and event.place < self.events[-1].place
        careful = bool(self.kept) or (late and self.plan.fragile.by(event))
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

    def fold(self, reason: str = LATE) -> Folded:
        """What stands after the last entry; `reason`: why what is not derived any more is not."""
        if self.folded is None:
            self.folded = _with_facts(self.plan, self.events, self.facts, self.kept, self.given)
            self._note(self.folded.outcome)
            new = self.folded.kept.keys() - (self.kept - self.reasons.keys())
            self.reasons = {key: self.reasons.get(key, reason) for key in new}
            self.kept = set(self.folded.kept)
            self.settled = True
        return self.folded

    def end(self) -> Folded:
        """As `fold`, where all has been read; each award with the version that gave it first."""
        folded = self.fold()
        folded.reasons = self.reasons
        folded.outcome.effects = [self._as_first_given(effect) for effect in folded.outcome.effects]
        return folded

    def _as_first_given(self, effect: Effect) -> Effect:
        if not isinstance(effect, Award | Points) or effect.key not in self.facts:
            return effect
        return effect._replace(version=self.facts[effect.key].version)

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
        folded.outcome.peaks |= outcome.peaks
        self._note(outcome)

    def _note(self, outcome: Outcome) -> None:
        """The awards that were derived, each of the version that gave it first."""
        for fact in (fact_of(effect) for effect in outcome.effects if isinstance(effect, Award)):
            before = self.facts.get(fact.key)
            self.facts[fact.key] = fact if before is None else replace(fact, version=before.version)


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
