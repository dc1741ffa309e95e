"""Folding a member again: late events, reversals, a changed past, a new version of the program.

State and amounts come out of one fold over everything in canonical order. Awards are facts: what the fold derived
after some entry of the log, entries taken one after another. So where an entry could take an award away, the log is
read up to just before it and again after it; an award that is gone by then stays as a kept one, or ends. What the hub
learned of the member, a publication, and that another member was merged into this one, are places in the log like
entries: what came before them is read by the profiles, the targets, the versions and the events there were.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hub.gamification import engine, reaching
from hub.gamification.events import REVERSED, REVOKED, Event, Key, LogPlace, Place, taken_back
from hub.gamification.outcome import Award, Effect, Outcome, Points
from hub.gamification.plan import Plan
from hub.gamification.progress import Decided, Given, Kept, Parts, State, beginning
from hub.gamification.versions import Version

#: Why an award is kept: what came into the log when the fold last derived it. The second may also end it; the last is
#: that another one was ended by hand.
LATE, TAKEN_BACK, VERSION, LEARNT, JOINED, BY_HAND = "late", "reversed", "version", "profile", "merged", "revoked"

#: A kept award can make itself due (by its points) and, once taken off, not due again: then it stays kept.
_MOST_TRIES = 1_000
#: Whether it still does so is asked anew at each event: none comes after this place, so that nothing is just added.
_NEVER: Place = (2**62, "", "")


class Reversal(NamedTuple):
    """A place in the log that takes an event out: from there on it reads as if that event had never been."""

    event: Event
    entry: int
    known_at: int

    @property
    def read(self) -> LogPlace:
        return (self.known_at, self.entry)


class Learnt(NamedTuple):
    """A place in the log at which the hub learned something of the member: from there on she is folded by `given`."""

    at: int
    given: Given

    @property
    def read(self) -> LogPlace:
        # Before the entries of the same instant.
        return (self.at, 0)


class Joined(NamedTuple):
    """A place in the log at which another member's log became part of this one's, by the entry `by`: `entries` are
    those of hers that were known by then, `folded` is how she stood, `decided` all goals decided from then on.
    """

    by: Event
    entries: Sequence[Event]
    folded: Folded
    decided: tuple[Decided, ...]

    @property
    def read(self) -> LogPlace:
        return self.by.read


#: What the reading of a member's log takes up, one after another.
Step = Event | Reversal | Version | Learnt | Joined


class Ended(NamedTuple):
    """An award that stood and stands no more: by which entry, when that was known, and why."""

    fact: Kept
    by: int
    at: int
    reason: str


@dataclass(slots=True)
class Folded:
    """A member folded from the beginning. `kept`: the awards that stand although the fold does not derive them;
    `reasons` says why, of those that are kept since; `ended`: those that ended since, one after another; `barred`:
    those that ended by hand, each with the place of the event that never earns it again.
    """

    state: State
    parts: Parts
    outcome: Outcome
    kept: dict[str, Kept]
    reasons: dict[str, str] = field(default_factory=dict)
    ended: list[Ended] = field(default_factory=list)
    barred: frozenset[tuple[str, Place]] = frozenset()

    def facts(self) -> dict[str, Kept]:
        """All awards that stand, by key."""
        derived = (fact_of(effect) for effect in self.outcome.effects if isinstance(effect, Award))
        return {**{fact.key: fact for fact in derived}, **self.kept}


def again(
    plan: Plan,
    entries: Sequence[Event],
    new: Collection[int],
    facts: Mapping[str, Kept],
    kept: set[str],
    given: Given,
    version: int | None = None,
    learnt: Sequence[Learnt] = (),
    trace: frozenset[int] = frozenset(),
    joined: Sequence[Joined] = (),
) -> Folded:
    """Fold all these entries; those numbered in `new` were not read before. `facts` are the awards that stand, `kept`
    the keys of the kept ones, `version` the one that the others were folded with; None: all with the newest. `given` is
    what was known of the member before anything of `learnt` was. Skips are told of entries in `trace`. Of `joined`,
    whose own entries are among `new`, nothing was read before.
    """
    others = [entry for one in joined for entry in one.entries]
    brought = {entry.entry for entry in others}
    told = [step for step in steps([*entries, *others]) if step.entry not in brought]
    since = plan.newest.number if version is None else version
    places = [step.read for step in told if step.entry in new]
    places += [published.read for published in plan.published_since(since)] + [one.read for one in learnt]
    if version is not None and places:
        since = min(since, plan.number_at(min(places)))
    before = [step for step in told if step.entry not in new and (not places or step.read <= min(places))]
    ahead = {step.entry for step in told[len(before) :] if step.entry not in new}
    reading = _Reading(plan.as_of(since), before, facts, kept, given, ahead, trace)
    ahead_of_it: list[Step] = [*told[len(before) :], *plan.published_since(since), *learnt, *joined]
    for step in sorted(ahead_of_it, key=_order):
        reading.take(plan.as_of(step.number) if isinstance(step, Version) else step)
    folded = reading.end(LATE if places else LEARNT)
    folded.state.read = max((folded.state.read, *(entry.read for entry in (*entries, *others))))
    return folded


def steps(entries: Iterable[Event]) -> list[Event | Reversal]:
    """What of a member's entries makes a difference, in the log's order: events, and each reversal that takes one out.

    An event that was taken back before it was known makes none, nor does a second reversal of it.
    """
    order = sorted(entries, key=_order)
    reversals: dict[Key, Event] = {}
    for entry in order:
        if entry.type == REVERSED:
            reversals.setdefault(taken_back(entry), entry)
    if not reversals:
        return [*order]
    found: list[Event | Reversal] = []
    for event in order:
        by = reversals.get(event.key)
        if event.type == REVERSED or (by is not None and by.read < event.read):
            continue
        found += [event] if by is None else [event, Reversal(event, by.entry, by.known_at)]
    return sorted(found, key=_order)


def _order(step: Step) -> tuple[LogPlace, int]:
    # What has the place of a version came before it; what another's log brings is there when its entry is read.
    return step.read, 1 if isinstance(step, Version) else -1 if isinstance(step, Joined) else 0


def standing(entries: Sequence[Event]) -> list[Event]:
    """The events that a fold goes over: without those that were taken back, and without what took them back."""
    gone = {taken_back(entry) for entry in entries if entry.type == REVERSED}
    return [entry for entry in entries if entry.type != REVERSED and entry.key not in gone] if gone else list(entries)


class _Reading:
    """The log, read step by step as far as that matters: `facts` and `kept` are what stood after some step, and since
    then none has come that could take an award away.

    A late event may do so if it is a personal best or the plan says it is fragile, a reversal, a version, a profile
    always. Where something is kept, any event may that reaches it: what is kept can come due again at another place,
    and takes its points along.
    """

    def __init__(
        self,
        plan: Plan,
        known: Sequence[Event | Reversal],
        facts: Mapping[str, Kept],
        kept: set[str],
        given: Given,
        ahead: set[int],
        trace: frozenset[int] = frozenset(),
    ) -> None:
        self.plan, self.given, self.trace = plan, given, trace
        # Entries that were read before and come once more: what they gave stands already, though it is yet to come.
        self.ahead, self.causes = ahead, {key: fact.entry for key, fact in facts.items()}
        gone = {step.event.entry for step in known if isinstance(step, Reversal)}
        self.events = sorted(step for step in known if isinstance(step, Event) and step.entry not in gone)
        self.facts, self.kept = dict(facts), set(kept)
        self.reasons: dict[str, str] = {}
        self.barred = set(given.barred)
        self.ended: list[Ended] = []
        self.folded: Folded | None = None  # of all events, where it is at hand
        self.settled = True  # facts and kept are those after the last step

    def take(self, step: Event | Reversal | Learnt | Joined | Plan) -> None:
        """Read on by one step; of a version, the plan from it on."""
        if isinstance(step, Event):
            self._take(step)
        elif isinstance(step, Reversal):
            self._take_back(step)
        elif isinstance(step, Joined):
            self._join(step)
        elif isinstance(step, Learnt):
            learnt = replace(self.given, timeline=step.given.timeline, targets=step.given.targets)
            self._turn_to(self.plan, learnt, LEARNT)
        else:
            self._turn_to(step, self.given, VERSION)

    def _take(self, event: Event) -> None:
        self.ahead.discard(event.entry)
        late = self._is_late(event)
        careful = (late or bool(self.kept)) and self._is_careful(event)
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
        if event.type == REVOKED:
            self._revoke(event)

    def _is_careful(self, event: Event) -> bool:
        """Whether it could take an award away, or make one due that is kept."""
        at = bisect_left(self.events, event)
        bests = reaching.beaten(self.plan, event, self.events[:at])
        # Nothing is looked at but at events: where none comes after it, there is nothing it could take away.
        if at < len(self.events) and (bests or self.plan.fragile.by(event)):
            return True
        kept = [self.facts[key] for key in self.kept]
        if not kept:
            return False
        reach = reaching.reached(self.plan, event, bests)
        if reach is None or self.given.decided or not all(self._has(fact.place) for fact in kept):
            # Where something stands without its event, all is looked at at the next one, which this may be.
            return True
        return any(reach.levels if fact.kind == "level" else fact.badge in reach.badges for fact in kept)

    def _has(self, place: Place) -> bool:
        at = bisect_left(self.events, place)
        return at < len(self.events) and self.events[at].place == place

    def _revoke(self, by: Event) -> None:
        """An award ends by hand, and the event that earned it never does so again; what then is no longer derived is
        kept.
        """
        if not self.settled:
            self.fold()
        fact = self.facts.get(by.data["award"])
        if fact is None or self.causes.get(fact.key) in self.ahead:
            return
        del self.facts[fact.key]
        self.kept.discard(fact.key)
        self.reasons.pop(fact.key, None)
        self.barred.add((fact.key, fact.place))
        self.ended.append(Ended(fact, by.entry, by.known_at, by.data.get("reason") or BY_HAND))
        self.folded = None
        self.fold(BY_HAND)

    def _is_late(self, event: Event) -> bool:
        """Whether it belongs before something that stands: an event, or what is kept of one that is gone."""
        if self.folded is not None:
            last = self.folded.state.last
        else:
            alone = self._standing()
            last = _end(alone, self.events[-1].place if self.events else None)
        return last is not None and event.place < last

    def _take_back(self, reversal: Reversal) -> None:
        """An event goes: what is then no longer derived ends where its badge says so, else it is kept."""
        if not self.settled:
            self.fold()
        del self.events[bisect_left(self.events, reversal.event)]
        self.folded = None
        may_end = {key for key, fact in self.facts.items() if key not in self.kept and self._may_end(fact)}
        folded = self.fold(TAKEN_BACK, may_end)
        derived = {effect.key for effect in folded.outcome.effects if isinstance(effect, Award)}
        for key in sorted(may_end - derived - self.kept):
            self.ended.append(Ended(self.facts.pop(key), reversal.entry, reversal.known_at, TAKEN_BACK))

    def _may_end(self, fact: Kept) -> bool:
        badge = self.plan.program.badges.get(fact.badge) if fact.kind == "badge" else None
        return badge is not None and badge.on_reversal == "revoke" and self.causes.get(fact.key) not in self.ahead

    def _join(self, other: Joined) -> None:
        """What stood of the other stands of this one; of the same award there is one."""
        if not self.settled:
            self.fold()
        self.events = sorted([*self.events, *standing(other.entries)])
        theirs = {key: fact for key, fact in other.folded.facts().items() if key not in self.facts}
        self.facts |= theirs
        self.kept |= theirs.keys() & other.folded.kept.keys()
        self.reasons |= {key: why for key, why in other.folded.reasons.items() if key in theirs}
        self.barred |= other.folded.barred
        self.given, self.folded = replace(self.given, decided=other.decided), None
        self.fold(JOINED)

    def _turn_to(self, plan: Plan, given: Given, reason: str) -> None:
        """A version is published, or something is learned: what stood before it stays, and all is folded anew."""
        if not self.settled:
            self.fold()
        self.plan, self.given, self.folded = plan, given, None
        self.fold(reason)

    def fold(self, reason: str = LATE, may_end: Collection[str] = ()) -> Folded:
        """What stands after the last step; `reason`: why what is not derived any more is not. Of that is kept all but
        what may end.
        """
        if self.folded is None:
            given = replace(self.given, barred=frozenset(self.barred))
            stood = (self.facts, self.kept, given)
            self.folded = _with_facts(self.plan, self.events, *stood, may_end, self.trace)
            self._note(self.folded.outcome)
            new = self.folded.kept.keys() - (self.kept - self.reasons.keys())
            self.reasons = {key: self.reasons.get(key, reason) for key in new}
            self.kept = set(self.folded.kept)
            self.settled = True
        return self.folded

    def end(self, reason: str) -> Folded:
        """As `fold`, where all has been read; each award with the version that gave it first."""
        folded = self.fold(reason)
        folded.reasons, folded.ended, folded.barred = self.reasons, self.ended, frozenset(self.barred)
        folded.outcome.effects = [self._as_first_given(effect) for effect in folded.outcome.effects]
        return folded

    def _as_first_given(self, effect: Effect) -> Effect:
        if not isinstance(effect, Award | Points) or effect.key not in self.facts:
            return effect
        return effect._replace(version=self.facts[effect.key].version)

    def _go_on(self, folded: Folded, event: Event) -> None:
        """Add an entry that comes after all others to the fold at hand."""
        outcome = engine.fold(self.plan, folded.state, folded.parts, [event], self._standing(), self.trace)
        if outcome.due_again:
            self.folded = None
            return
        folded.outcome.effects += outcome.effects
        folded.outcome.skips += outcome.skips
        folded.outcome.values |= outcome.values
        folded.outcome.organizations |= outcome.organizations
        folded.outcome.peaks |= outcome.peaks
        self._note(outcome)

    def _standing(self) -> Given:
        return _standing(replace(self.given, barred=frozenset(self.barred)), self.facts, self.kept)

    def _note(self, outcome: Outcome) -> None:
        """The awards that were derived, each of the version that gave it first."""
        for fact in (fact_of(effect) for effect in outcome.effects if isinstance(effect, Award)):
            before = self.facts.get(fact.key)
            self.facts[fact.key] = fact if before is None else replace(fact, version=before.version)


def _with_facts(
    plan: Plan,
    events: Sequence[Event],
    facts: Mapping[str, Kept],
    kept: Collection[str],
    given: Given,
    may_end: Collection[str] = (),
    trace: frozenset[int] = frozenset(),
) -> Folded:
    """One fold in which every fact stands, derived or kept, but for those that may end."""
    kept, stubborn, firm = set(kept), set[str](), facts.keys() - set(may_end)
    for _ in range(_MOST_TRIES):
        state, parts = beginning(plan), Parts(whole=True)
        stands = _standing(given, facts, kept)
        outcome = engine.fold(plan, state, parts, events, stands, trace)
        due = set(outcome.due_again) - stubborn
        if due:
            kept -= due
            stubborn |= due
            continue
        derived = {effect.key for effect in outcome.effects if isinstance(effect, Award)}
        missing = firm - derived - kept
        if not missing:
            state.end = _NEVER if outcome.due_again else _behind(state, _end(stands))
            return Folded(state, parts, outcome, {key: facts[key] for key in kept})
        kept |= missing
    raise RuntimeError("the member's awards do not settle")


def _behind(state: State, end: Place | None) -> Place | None:
    """The place, if it lies behind all events."""
    return end if end is not None and (state.place is None or end > state.place) else None


def _end(given: Given, *others: Place | None) -> Place | None:
    """The last place at which something stands whatever the events say, or of `others`."""
    places = [kept.place for kept in given.kept] + [decided.place for decided in given.decided]
    return max([*places, *(place for place in others if place is not None)], default=None)


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
