"""Stories: one notation for what members do and what it earns them, told to the pure engine.

    told = play("points: {visit: {event: hub.visited, award: 1}}", "mon bo visits; tue bo visits")
    assert told.points("bo") == 2

A line is `WHEN WHO WHAT name=value...`; lines end with `;` or a new line, and their order is the order in which the log
learned of them. WHEN is a day of the known week (`mon` is 2026-11-16; `tue+2` two weeks after its Tuesday, `fri-1` the
Friday before it), or a date, with a time (12:00 if none) and an offset (UTC if none): `mon 09:30+01:00`.
`fri bo reverses of=2` takes back the event of the second line (`of=crm/7` the one with this source and id).

Every story is folded twice: one entry after another, as the ledger does (its state packed and unpacked in between, only
the parts loaded that an entry needs, late entries folding the member again), and all of the log at once. Both must come
to the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.gamification import counting, engine, opening, program, tallies
from hub.gamification.events import PAUSED, REVERSED, REVOKED, Event, taken_back
from hub.gamification.numbers import Exact, Number
from hub.gamification.outcome import Award, Effect, Outcome, Points, Reached, Skip, Valued
from hub.gamification.plan import Plan, Version
from hub.gamification.profiles import Profile, Timeline
from hub.gamification.progress import Given, Kept, Parts, State, Unloaded, beginning, packable, unpacked
from hub.ledger import folding, reading, refold
from hub.ledger.folding import pack, unpack
from hub.ledger.standings import StreakStanding

MONDAY = date(2026, 11, 16)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

HEAD = "program: {name: Club, time_zone: UTC}\n"
EVENTS = """
events:
  deal.won: {attributes: {amount: {type: number}, deal: {type: text}, product: {type: text}}}
  deal.lost: {attributes: {amount: {type: number}, deal: {type: text}}}
  asset.viewed: {attributes: {asset: {type: text}}}
  module.completed: {attributes: {course: {type: text}, module: {type: text}, score: {type: number}}}
  csat.answered: {attributes: {score: {type: number}}}
  claim.changed: {attributes: {claim: {type: text}, state: {type: text}, amount: {type: number}}}
  mdf.spent: {about: organization, attributes: {amount: {type: number}}}
"""

_WHEN = re.compile(
    r"(?:(?P<day>mon|tue|wed|thu|fri|sat|sun)(?P<weeks>[-+]\d+)?|(?P<date>\d{4}-\d\d-\d\d))"
    r"(?: (?P<time>\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?P<offset>Z|[-+]\d\d:\d\d)?)?"
)
_SHORT = {
    "visits": "hub.visited",
    "wins": "deal.won",
    "loses": "deal.lost",
    "views": "asset.viewed",
    "pauses": PAUSED,  # `mon bo pauses from=2026-11-17 to=2026-11-20 streak=s`
    "reverses": REVERSED,
}


def moment(text: str) -> tuple[int, int]:
    """The instant that a WHEN means, and its offset in minutes."""
    match = _WHEN.fullmatch(text)
    assert match, f"no time: {text!r}"
    day = date.fromisoformat(match["date"]) if match["date"] else MONDAY + timedelta(DAYS.index(match["day"]))
    day += timedelta(weeks=int(match["weeks"] or 0))
    offset = (match["offset"] or "Z").replace("Z", "+00:00")
    written = datetime.fromisoformat(f"{day.isoformat()}T{match['time'] or '12:00'}{offset}")
    shift = written.utcoffset()
    assert shift is not None
    return (written - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1), int(shift.total_seconds()) // 60


def at(text: str) -> int:
    return moment(text)[0]


def shown(instant: int | None) -> str | None:
    return None if instant is None else datetime.fromtimestamp(instant // 10**6, UTC).strftime("%Y-%m-%d %H:%M")


# ------------------------------------------------------------------------------------------------------------ stories


def told_events(story: str) -> dict[str, list[Event]]:
    """The events of a story by who they are of, in the log's order."""
    found: dict[str, list[Event]] = {}
    lines = [line.strip() for part in story.splitlines() for line in part.split(";")]
    for number, line in enumerate((line for line in lines if line), 1):
        match = _WHEN.match(line)
        assert match, f"no time: {line!r}"
        who, kind, *words = line[match.end() :].split()
        time, offset = moment(match[0])
        data = dict(_attribute(word) for word in words)
        source, name = str(data.pop("source", "crm")), str(data.pop("id", f"{number:04}"))
        if "of" in data:
            data["source"], data["id"] = _key(str(data.pop("of")))
        event = Event(time, source, name, _SHORT.get(kind, kind), offset, data, number, number)
        found.setdefault(who, []).append(event)
    return found


def _key(text: str) -> tuple[str, str]:
    """The key of the event of a line, or of `source/id`."""
    source, slash, name = text.partition("/")
    return (source, name) if slash else ("crm", f"{int(text):04}")


def _attribute(word: str) -> tuple[str, Any]:
    name, value = word.split("=")
    if value in ("true", "false"):
        return name, value == "true"
    if re.fullmatch(r"-?\d+", value):
        return name, int(value)
    return name, Decimal(value) if re.fullmatch(r"-?\d+\.\d+", value) else value


def plan_of(*texts: str) -> Plan:
    """The plan of a program, or of its versions: each but the first may begin with `# from WHEN`."""
    versions = []
    for number, text in enumerate(texts, 1):
        start = re.match(r"\s*# from (.+)\n", text)
        whole = text if "program:" in text else HEAD + text
        found = program.read(whole if "events:" in text else whole + EVENTS, now=0)
        assert not found.faults, [str(fault) for fault in found.faults]
        assert found.program is not None
        since = at(start[1].strip()) if start else -(2**62)
        live = found.program.settings.live_from
        versions.append(Version(number, found.program, since, since, -(2**62) if live is None else live))
    return Plan(versions)


Values = Mapping[str, Any]


def timeline(rows: Mapping[str, Values]) -> Timeline:
    """Profiles by the WHEN from which they are in force; `time_zone` and `organization` (a number) beside the rest."""
    starts = [at(when) if when else -(2**62) for when in rows]
    profiles = []
    for values in rows.values():
        others = {name: value for name, value in values.items() if name not in ("time_zone", "organization")}
        profiles.append(Profile(others, values.get("time_zone"), values.get("organization")))
    return Timeline(starts, profiles)


def play(
    text: str | Sequence[str],
    story: str,
    *,
    now: str = "sun+8",
    profiles: Mapping[str, Mapping[str, Values]] | None = None,
    targets: Mapping[tuple[str, str], Number] | None = None,
) -> Told:
    """Tell a story under a program (sections; the events are there already), or under its versions."""
    plan = text if isinstance(text, Plan) else plan_of(*([text] if isinstance(text, str) else text))
    people = {}
    for who, events in told_events(story).items():
        rows = (profiles or {}).get(who, {"": {"role": ("sales_rep",)}})
        number = -1 if who.startswith("org:") else 1
        given = Given(timeline(rows), at(now), targets or {}, who=number)
        people[who] = tell(plan, events, given)
    return Told(plan, people, at(now))


# ------------------------------------------------------------------------------------------------------------ folding


@dataclass
class Standing:
    """What stands of one member, as the ledger has it: all that a digest writes."""

    plan: Plan
    given: Given
    log: list[Event] = field(default_factory=list)
    state: bytes = b""
    parts: dict[str, bytes] = field(default_factory=dict)
    facts: dict[str, Kept] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    why: dict[str, str] = field(default_factory=dict)  # what is kept is kept
    ended: list[tuple[str, int]] = field(default_factory=list)  # awards that stand no more, and by which entry
    posted: dict[str, int] = field(default_factory=dict)  # by cause key
    values: dict[tuple[str, str], Valued] = field(default_factory=dict)
    organizations: dict[tuple[int, str, str], bytes] = field(default_factory=dict)
    reached: dict[tuple[str, str], int] = field(default_factory=dict)
    refolds: int = 0

    def digest(self, new: Sequence[Event]) -> None:
        """Take in entries, in the log's order: folded on where they come after all others, else all anew."""
        if not new:
            return
        place = self.unpacked().last
        gone = {taken_back(event) for event in (*self.log, *new) if event.type == REVERSED}
        behind = False
        for event in new:
            behind = behind or event.type in (REVERSED, REVOKED) or event.key in gone
            behind = behind or (place is not None and event.place < place)
            place = event.place
        outcome = None if behind else self._on(new)
        if outcome is None:
            self._again(new)
        self.log += new

    def unpacked(self) -> State:
        return unpacked(self.plan, unpack(self.state)) if self.state else beginning(self.plan)

    def _standing(self) -> Given:
        points = {key: fact.points for key, fact in self.facts.items()}
        return replace(self.given, kept=tuple(self.facts[key] for key in sorted(self.kept)), posted=points)

    def _on(self, new: Sequence[Event]) -> Outcome | None:
        wanted = {name for event in new for name in engine.needs(self.plan, event)}
        state, parts = self.unpacked(), Parts({name: self._part(name) for name in wanted & self.parts.keys()})
        try:
            outcome = engine.fold(self.plan, state, parts, new, self._standing())
        except Unloaded:
            state, parts = self.unpacked(), Parts({name: self._part(name) for name in self.parts}, whole=True)
            outcome = engine.fold(self.plan, state, parts, new, self._standing())
        if outcome.due_again:
            return None
        self.state = pack(packable(state))
        self.parts |= {name: pack(parts.found[name]) for name in parts.changed}
        self._write(outcome)
        return outcome

    def _part(self, name: str) -> Any:
        return folding.thawed_part(self.plan, name, self.parts[name])

    def _again(self, new: Sequence[Event]) -> None:
        self.refolds += 1
        numbers = {event.entry for event in new}
        folded = refold.again(self.plan, [*self.log, *new], numbers, self.facts, self.kept, self.given)
        self.state = pack(packable(folded.state))
        self.parts = {name: pack(content) for name, content in folded.parts.found.items()}
        self.kept, self.facts = set(folded.kept), dict(folded.kept)
        self.why = {key: folded.reasons[key] if key in folded.reasons else self.why[key] for key in self.kept}
        self.ended += [(one.fact.key, one.by) for one in folded.ended]
        ended = [(one.fact.key, one.fact.place) for one in folded.ended if one.reason != refold.TAKEN_BACK]
        self.given = replace(self.given, barred=frozenset((*self.given.barred, *ended)))
        self.posted = {key: fact.points for key, fact in folded.kept.items() if fact.points}
        self.values, self.organizations, self.reached = {}, {}, {}
        self._write(folded.outcome)

    def _write(self, outcome: Outcome) -> None:
        for effect in outcome.effects:
            if isinstance(effect, Award):
                assert effect.key not in self.facts, f"{effect.key} is given twice"
                self.facts[effect.key] = refold.fact_of(effect)
            elif isinstance(effect, Points):
                assert effect.key not in self.posted, f"{effect.key} is posted twice"
                assert effect.amount, f"{effect.key} posts nothing"
                self.posted[effect.key] = effect.amount
            elif isinstance(effect, Reached):
                assert (effect.goal, effect.window) not in self.reached
                self.reached[effect.goal, effect.window] = effect.event.entry
        for key, valued in outcome.values.items():
            self.values.pop(key, None)
            if valued is not None:
                self.values[key] = valued
        self.organizations |= {key: pack(part) for key, part in outcome.organizations.items()}

    def compared(self) -> dict[str, Any]:
        """All that must be the same however the log was cut into batches."""
        state = dict(zip(State.__slots__, unpack(pack(packable(self.unpacked()))), strict=True))
        return {
            **state,
            "kept": sorted(state["kept"]),
            "parts": {name: unpack(content) for name, content in self.parts.items()},
            "facts": self.facts,
            "kept facts": self.why,
            "ended": self.ended,
            "posted": self.posted,
            "values": self.values,
            "organizations": {key: unpack(part) for key, part in self.organizations.items()},
            "reached": self.reached,
        }


def tell(plan: Plan, events: Sequence[Event], given: Given) -> Standing:
    """One after another; and at once, which must come to the same."""
    one_by_one, at_once = Standing(plan, given), Standing(plan, given)
    for event in events:
        one_by_one.digest([event])
    at_once.digest(events)
    same(one_by_one, at_once)
    return one_by_one


def same(one: Standing, other: Standing, *but_for: str) -> None:
    mine, theirs = one.compared(), other.compared()
    for name in (mine.keys() | theirs.keys()) - {*but_for}:
        assert mine.get(name) == theirs.get(name), name


# ---------------------------------------------------------------------------------------------------------- answering


@dataclass(frozen=True)
class Run:
    current: int
    longest: int
    at_risk: bool
    alive_until: str | None
    freezes: int = 0


@dataclass(frozen=True)
class Told:
    plan: Plan
    people: Mapping[str, Standing]
    now: int

    def points(self, who: str) -> int:
        return sum(self.people[who].posted.values())

    def earned(self, who: str) -> list[tuple[str, int]]:
        """(rule, badge or goal; amount) of each line, in canonical order."""
        return [(effect.name, effect.amount) for effect in self.effects(who) if isinstance(effect, Points)]

    def badges(self, who: str) -> list[str]:
        """What stands, in the order in which it was earned: `maker Gold`, `graduate c1`, `sprinter 2026-11`."""
        facts = [fact for fact in self.people[who].facts.values() if fact.kind == "badge"]
        return [_told_award(fact) for fact in sorted(facts, key=lambda fact: (fact.place, self._order(who, fact)))]

    def _order(self, who: str, fact: Kept) -> int:
        keys = [effect.key for effect in self.effects(who) if isinstance(effect, Award)]
        return keys.index(fact.key) if fact.key in keys else -1

    def when(self, who: str, award: str) -> str | None:
        """When an award was earned."""
        facts = self.people[who].facts.values()
        return shown(next(fact.place[0] for fact in facts if _told_award(fact) == award))

    def kept(self, who: str) -> list[str]:
        """What stands although the fold no longer derives it."""
        one = self.people[who]
        return sorted(_told_award(one.facts[key]) for key in one.kept)

    def why(self, who: str) -> dict[str, str]:
        """Why what is kept is kept."""
        one = self.people[who]
        return {_told_award(one.facts[key]): reason for key, reason in one.why.items()}

    def ended(self, who: str) -> list[tuple[str, int]]:
        """The keys of awards that stand no more, each with the line that ended it."""
        return self.people[who].ended

    def level(self, who: str) -> str | None:
        """The highest level that stands."""
        standing = {fact.badge for fact in self.people[who].facts.values() if fact.kind == "level"}
        return next((level.key for level in reversed(self.plan.levels) if level.key in standing), None)

    def goal(self, who: str, key: str) -> list[str]:
        """The windows in which the goal was reached."""
        return [window for goal, window in self.people[who].reached if goal == key]

    def metric(self, who: str, key: str, window: str = "all") -> Exact | str | None:
        """The value in the window that holds now."""
        metric = self.plan.metrics[self.plan.metric_index[key]]
        state = self.people[who].unpacked()
        if metric.metric.take == "latest" and metric.metric.by is None:
            return tallies.value("latest", state.metrics[metric.index][metric.position(window)][2])
        return counting.value_at(self.plan, state, key, window, self.now)

    def value(self, who: str, key: str, window: str) -> Exact | None:
        """The value shown for a window by name."""
        valued = self.people[who].values.get((key, window))
        return None if valued is None else valued.value

    def objects(self, who: str, key: str, window: str = "all") -> dict[Any, Any]:
        prefix = f"object/{key}/{window}/"
        take = self.plan.program.metrics[key].take
        parts = [self.people[who]._part(name) for name in self.people[who].parts if name.startswith(prefix)]
        return {str(thing): tallies.value(take, tally) for thing, tally in parts}

    def organization(self, number: int, key: str, window: str = "all") -> Exact | str | None:
        """An organization's value, from what all in the story bring."""
        from hub.ledger import rollup

        def brought(part: str) -> list[Any]:
            packed = [one.organizations.get((number, part, window)) for one in self.people.values()]
            return [unpack(tally)[0] for tally in packed if tally is not None]

        return rollup.value_of(self.plan, key, brought)

    def streak(self, who: str, key: str, now: str | None = None) -> Run:
        """As pages show it, at a given time."""
        found = self.standing(who, key, now)
        return Run(found.current, found.longest, found.at_risk, shown(found.alive_until), found.freezes)

    def periods(self, who: str, key: str, now: str | None = None) -> str:
        """The states of the last periods, the running one last: `counted missed open`; days off are left out."""
        return " ".join(period.state for period in self.standing(who, key, now).periods if period.state != "off")

    def standing(self, who: str, key: str, now: str | None = None) -> StreakStanding:
        one, plan = self.people[who], self.plan.streaks[self.plan.streak_index[key]]
        given = replace(one.given, now=at(now) if now else self.now)
        return reading._streak(reading._Member(self.plan, one.unpacked(), given), plan)

    def open(self, who: str, now: str | None = None) -> dict[str, str | None]:
        """The actions that are open at a given time, and since when."""
        one, time = self.people[who], at(now) if now else self.now
        told = opening.standing(self.plan, one.unpacked(), one.given, time)
        return {key: shown(since) for key, since in told.items()}

    def skips(self, who: str) -> list[tuple[str, str]]:
        """(rule, code) in canonical order."""
        return [(skip.rule, skip.code) for skip in self.skipped(who)]

    def skipped(self, who: str) -> list[Skip]:
        return self._outcome(who).skips

    def effects(self, who: str) -> list[Effect]:
        return self._outcome(who).effects

    def _outcome(self, who: str) -> Outcome:
        one = self.people[who]
        trace = frozenset(event.entry for event in one.log)
        events = sorted(refold.standing(one.log))
        return engine.fold(self.plan, beginning(self.plan), Parts(whole=True), events, one._standing(), trace)


def _told_award(fact: Kept) -> str:
    return " ".join(word for word in (fact.badge, fact.tier, fact.window, fact.object) if word)
