"""The engine, told the places of a log as the ledger would tell it, and what it came to in the words of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from hub.gamification import opening
from hub.gamification.events import REVERSED, Event
from hub.gamification.plan import Plan, Version
from hub.gamification.profiles import Profile, Timeline
from hub.gamification.progress import Given, Kept
from hub.ledger import reading
from tests.gamification.play import Standing, Told
from tests.model import Entry, MemberRow, OrganizationRow, PlaceInLog, Published, Reversal, Target, World, tell
from tests.model.drawing import Draft, Story
from tests.model.known import Known
from tests.model.places import AwardKey
from tests.model.streaks import Run
from tests.model.times import EVER

NUMBERS = {"acme": 1, "bora": 2}


class Hub:
    """One `Standing` for each member and organization, folded on or again at each place."""

    def __init__(self, log: Sequence[PlaceInLog], now: int) -> None:
        self.known, self.now, self.log = Known(), now, log
        self.plan: Plan | None = None
        self.standings: dict[str, Standing] = {}
        self.entries: dict[tuple[str, str], int] = {}
        for number, place in enumerate(log, 1):
            self.known = self.known.and_(place)
            self._take(number, place)

    @property
    def told(self) -> Told:
        assert self.plan is not None
        return Told(self.plan, self.standings, self.now)

    def _take(self, number: int, place: PlaceInLog) -> None:
        if isinstance(place, Entry):
            self._digest(number, place)
        elif isinstance(place, Reversal):
            self._take_back(number, place)
        elif isinstance(place, Published):
            self._publish(number, place)
        elif isinstance(place, MemberRow):
            self._again([place.member])
        elif isinstance(place, OrganizationRow):
            self._again([*self.standings])
        else:
            assert isinstance(place, Target), f"the engine is not told of {place}"
            self._again([place.who])

    def _digest(self, number: int, place: Entry) -> None:
        self.entries[place.source, place.id] = number
        event = Event(place.time, place.source, place.id, place.type, place.offset, place.data, number, place.known_at)
        self._enter(_whose(place), event)

    def _take_back(self, number: int, place: Reversal) -> None:
        """It is in the log of who its event is of, whether that came already or not."""
        data = {"source": place.source, "id": place.id}
        reversal = Event(place.known_at, "crm", f"reversal {number}", REVERSED, 0, data, number, place.known_at)
        for gone in self.log:
            if isinstance(gone, Entry) and (gone.source, gone.id) == (place.source, place.id):
                self._enter(_whose(gone), reversal)

    def _enter(self, who: str, event: Event) -> None:
        assert self.plan is not None
        if who not in self.standings:
            self.standings[who] = Standing(self.plan, self._given(who))
        self.standings[who].digest([event])

    def _publish(self, number: int, place: Published) -> None:
        versions = [] if self.plan is None else list(self.plan.versions)
        start = -EVER if not versions else place.known_at if place.from_ is None else place.from_
        self.plan = Plan(
            [
                *versions,
                Version(
                    len(versions) + 1, place.program, start, place.known_at, place.program.settings.live_from, number
                ),
            ]
        )
        for one in self.standings.values():
            one.plan = self.plan
        self._again([*self.standings])

    def _again(self, members: Sequence[str]) -> None:
        for who in members:
            if who in self.standings:
                one = self.standings[who]
                one.given = self._given(who)
                one._again([])

    def _given(self, who: str) -> Given:
        if who.startswith("org:"):
            organization = NUMBERS[who.removeprefix("org:")]
            return Given(Timeline([-EVER], [Profile(organization=organization)]), self.now, who=-organization)
        targets = [place for place in self.known.places if isinstance(place, Target) and place.who == who]
        own = {(each.goal, each.window): each.target for each in targets}
        return Given(self._timeline(who), self.now, own, who=1)

    def _timeline(self, member: str) -> Timeline:
        rows = [place for place in self.known.places if isinstance(place, MemberRow | OrganizationRow)]
        starts = [-EVER, *sorted({row.valid_from for row in rows})]
        return Timeline(starts, [self._profile(member, start) for start in starts])

    def _profile(self, member: str, start: int) -> Profile:
        values = dict(self.known.profile(member, start))
        organization = values.get("organization")
        zone, listed = values.pop("time_zone", None), values.pop("listed", True)
        return Profile(values, zone, NUMBERS[organization] if organization else None, listed)

    # What it came to.

    def facts(self, member: str) -> dict[AwardKey, tuple[Any, int, bool]]:
        """(place, points, kept) of each award."""
        one = self.standings[member]
        return {award_key(fact): (fact.place, fact.points, key in one.kept) for key, fact in one.facts.items()}

    def points(self, member: str) -> dict[str, int]:
        """By cause key, but for awards, which `facts` tells of."""
        one = self.standings[member]
        assert all(one.facts[key].points == one.posted[key] for key in one.facts.keys() & one.posted.keys())
        return {key: amount for key, amount in one.posted.items() if key not in one.facts}

    def open(self, member: str) -> dict[str, int]:
        """Since when which actions are open."""
        assert self.plan is not None
        one = self.standings[member]
        return opening.standing(self.plan, one.unpacked(), one.given, self.now)

    def streak(self, member: str, key: str) -> Run:
        assert self.plan is not None
        one, plan = self.standings[member], self.plan.streaks[self.plan.streak_index[key]]
        found = reading._streak(reading._Member(self.plan, one.unpacked(), one.given), plan)
        return Run(found.current, found.longest, found.freezes, found.at_risk, found.alive_until)

    def skips(self, member: str) -> dict[tuple[str, str], list[tuple[str, str]]]:
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for skip in self.told.skipped(member):
            found.setdefault((skip.event.source, skip.event.id), []).append((skip.rule, skip.code))
        return found

    def reached(self, member: str) -> dict[tuple[str, str], int]:
        return self.standings[member].reached


def _whose(place: Entry) -> str:
    return place.member or f"org:{place.organization}"


def award_key(fact: Kept) -> AwardKey:
    event = tuple(fact.key.split("/", 3)[3].split("\x1f")) if "\x1f" in fact.key else None
    return AwardKey(fact.kind, fact.badge, fact.tier, fact.window, fact.object, event)  # type: ignore[arg-type]


def written(token: tuple[str, Any] | None) -> str | None:
    """An object as the engine names it."""
    if token is None:
        return None
    value = token[1]
    if isinstance(value, Fraction):
        return str(value.numerator) if value.denominator == 1 else str(float(value))
    return str(value)


# Held against the model.

#: What differs: its name, what the hub says, what the model says.
Difference = tuple[str, Any, Any]


def differences(story: Story) -> list[Difference]:
    """All in which the hub and the model do not say the same of a story."""
    hub, world = Hub(story.log, story.now), tell(story.log, story.now)
    found: list[Difference] = []
    for who in hub.standings:
        if not who.startswith("org:"):
            found += [(f"{name} of {who}", *each) for name, each in _of_member(hub, world, who)]
    for organization in world.known.organizations:
        found += [(f"{name} of {organization}", *each) for name, each in _of_organization(hub, world, organization)]
    return [each for each in found if each[1] != each[2]]


def _of_member(hub: Hub, world: World, who: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    yield "facts", _apart(hub.facts(who), _facts(world, who))
    yield "points", _apart(hub.points(who), _points(hub, world, who))
    yield "skips", _apart(hub.skips(who), {name: list(map(tuple, each)) for name, each in world.skipped(who).items()})
    entries = {name: hub.entries[reached.place[1:]] for name, reached in world.reached(who).items()}
    yield "goals reached", _apart(hub.reached(who), entries)
    yield "open actions", _apart(hub.open(who), {key: each.since for key, each in world.actions(who).items()})
    for (metric, window), valued in hub.standings[who].values.items():
        place = valued.place if metric.startswith("points") else world.last_change(who, metric, window)
        yield f"{metric} in {window}", ((valued.value, valued.place), (world.metric(who, metric, window), place))
    for streak in world.known.program.streaks:
        yield f"streak {streak}", (hub.streak(who, streak), world.streak(who, streak))


def _apart(hubs: dict[Any, Any], models: dict[Any, Any]) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """Only that in which they differ."""
    same = {key for key in hubs.keys() & models.keys() if hubs[key] == models[key]}
    return (
        {key: hubs[key] for key in hubs if key not in same},
        {key: models[key] for key in models if key not in same},
    )


def _facts(world: World, who: str) -> dict[AwardKey, tuple[Any, int, bool]]:
    facts = world.facts(who).values()
    return {
        fact.key._replace(object=written(fact.key.object)): (fact.place, fact.points, fact.kept is not None)
        for fact in facts
    }


def _points(hub: Hub, world: World, who: str) -> dict[str, int]:
    """By the hub's cause keys, but for badges, which `facts` tells of; recognition is posted by its act."""
    found: dict[str, int] = {}
    for (kind, *rest), amount in world.lines(who).items():
        if kind in ("rule", "action"):
            found[f"{kind}/{rest[0]}/{hub.entries[rest[1], rest[2]]}"] = amount
        elif kind == "goal":
            found[f"goal/{rest[0]}/{rest[1]}"] = amount
        elif kind == "prize":
            found[f"leaderboard/{world.known.entry(*rest).data['leaderboard']}/{rest[1]}"] = amount
        elif kind == "adjustment":
            found[f"member/{rest[1]}"] = amount
    return found


def _of_organization(hub: Hub, world: World, organization: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Of what boards and goals of organizations ask for."""
    program, number = world.known.program, NUMBERS[organization]
    brought = {(metric, window) for one in hub.standings.values() for whose, metric, window in one.organizations}
    asked = [each for each in (*program.leaderboards.values(), *program.goals.values()) if each.whose == "organization"]
    assert hub.plan is not None
    for each in asked:
        for window in {window for _, window in brought if hub.plan.calendar.kind_of(window) == each.window}:
            theirs = hub.told.organization(number, each.metric, window)
            yield f"{each.metric} in {window}", (theirs, world.organization(organization, each.metric, window))


def smaller(story: Story, differs: Callable[[Story], bool]) -> Story:
    """A story in which nothing can be left out without losing what it shows."""
    smallest: Story | None = story
    while smallest is not None:
        story = smallest
        smallest = next((each for each in _with_less(story) if differs(each)), None)
    return story


def _with_less(story: Story) -> Iterator[Story]:
    for at in reversed(range(1, len(story.learned))):
        yield replace(story, learned=story.learned[:at] + story.learned[at + 1 :])
    for at, each in enumerate(story.learned):
        if isinstance(each.place, Draft):
            for less in each.place.with_less():
                yield replace(story, learned=(*story.learned[:at], replace(each, place=less), *story.learned[at + 1 :]))


def written_out(story: Story) -> str:
    """To be read; `told` of it can be pasted into a test."""
    lines = []
    for each in story.learned:
        if isinstance(each.place, Draft):
            lines += [f"publishes, from {each.from_}:", each.place.head.rstrip()]
            lines += [f"  {name}: {line}" for name, some in each.place.sections.items() for line in some]
        else:
            lines.append(str(each.told))
    return "\n".join([*lines, f"now {story.now}"])
