"""Streaks, recounted: a slow and obvious count of all days comes to what the fold's few numbers say.

The recount looks at what clocks show every quarter of an hour, writes down all dates, and walks all periods from the
first one on, for random programs, events, freezes, pauses and zones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import chain
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.gamification.events import PAUSED, Event
from hub.gamification.outcome import Extended
from hub.gamification.plan import Plan
from hub.gamification.profiles import Profile, Timeline
from hub.gamification.progress import Given
from tests.gamification.play import Told, plan_of, tell

QUARTER = 15 * 60 * 10**6
A_DAY = 96  # quarters
#: How far is looked, by the length of the periods: what happens, and what freezes and pauses bridge after that.
DAYS = {"day": 120, "business_day": 130, "week": 280, "month": 520}

#: Where clocks change, months end, years have 53 weeks, a country skips a day, February has 29.
STARTS = ("2026-03-20", "2026-08-30", "2026-09-25", "2026-10-15", "2026-12-20", "2011-12-20", "2028-02-18")
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Honolulu",
    "Pacific/Auckland",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Etc/GMT+12",
)
OFFSETS = (0, 840, -720, 330, -480)
FAR, FAR_OFFSETS = ("Pacific/Kiritimati", "Etc/GMT+12"), (840, -720)
FREEZES: tuple[dict[str, int], ...] = (
    {},
    {"start": 2},
    {"earn_every": 1},
    {"earn_every": 2},
    {"start": 1, "earn_every": 1, "max": 2},
    {"start": 1, "earn_every": 3, "max": 2},
)


def instant(start: str, quarter: int) -> int:
    days = date.fromisoformat(start) - date(1970, 1, 1)
    return days.days * 86_400 * 10**6 + (quarter - 30 * A_DAY) * QUARTER


@cache
def dates_in(zone: str, start: str, quarters: int) -> list[date]:
    """What clocks in the zone show, quarter by quarter, from a month before the start on."""
    of = ZoneInfo(zone)

    def shown(quarter: int) -> date:
        return datetime.fromtimestamp(instant(start, quarter) // 10**6, UTC).astimezone(of).date()

    found: list[date] = []
    for first in range(0, quarters, 8):
        here, there = shown(first), shown(first + 7)
        found += [here] * 8 if here == there else [shown(quarter) for quarter in range(first, first + 8)]
    return found


@dataclass(frozen=True)
class World:
    """`zones`: from which quarter on the member's is which; `happened`: (quarter, offset) of fitting events, all at
    different times; `pauses`: when they were entered, first and last day. All quarters are counted from `start`.
    """

    start: str
    every: str
    clock: str
    at_least: int
    freezes: dict[str, int]
    holidays: list[date]
    zones: list[tuple[int, str]]
    happened: list[tuple[int, int]]
    pauses: list[tuple[int, date, date]]
    now: int
    shuffled: list[int]

    @classmethod
    def of(cls, random: Random) -> World:
        start, every = random.choice(STARTS), random.choice(("day", "day", "business_day", "week", "month"))
        first, days = 30 * A_DAY, {"day": 30, "business_day": 35, "week": 90, "month": 200}[every]
        last = first + days * A_DAY
        # Some travel a lot, and as far as one can.
        where, offsets, flights = (ZONES, OFFSETS, (0, 0, 1, 3)) if random.random() < 0.6 else (FAR, FAR_OFFSETS, (20,))
        zones = [(0, random.choice(where))]
        zones += [(random.randrange(first, last), random.choice(where)) for _ in range(random.choice(flights))]
        times = random.sample(range(first, last), random.randint(1, 70))
        begins = date.fromisoformat(start)
        world = cls(
            start,
            every,
            random.choice(("member", "member", "program", "event")),
            random.choice((1, 1, 2)),
            random.choice(FREEZES),
            [begins + timedelta(random.randrange(days)) for _ in range(random.choice((0, 4)))],
            sorted(dict(zones).items()),
            sorted((time, random.choice(offsets)) for time in times),
            [],
            max(times) + random.choice((0, 1, 50, 96, 96, 200, 400, 2000)),
            random.sample(range(len(times)), len(times)) if random.random() < 0.3 else list(range(len(times))),
        )
        world.pauses.extend(world.some_pauses(random, first, last))
        return world

    def some_pauses(self, random: Random, first: int, last: int) -> Iterator[tuple[int, date, date]]:
        long = {"day": 5, "business_day": 6, "week": 25, "month": 80}[self.every]
        free = sorted(set(range(first, last)) - {time for time, _ in self.happened})
        free = [quarter for quarter in free if quarter <= self.now]
        for entered in random.sample(free, min(len(free), random.choice((0, 0, 1, 2, 4)))):
            since = self.hers()[entered] + timedelta(random.randrange(4))
            yield entered, since, since + timedelta(random.randrange(long))

    # what clocks show

    @property
    def quarters(self) -> int:
        return DAYS[self.every] * A_DAY

    def dates_in(self, zone: str) -> list[date]:
        return dates_in(zone, self.start, self.quarters)

    def hers(self) -> list[date]:
        """What the member's own clocks show, quarter by quarter."""
        ends = [*(begins for begins, _ in self.zones[1:]), self.quarters]
        return [
            shown
            for (begins, zone), ends_ in zip(self.zones, ends, strict=True)
            for shown in self.dates_in(zone)[begins:ends_]
        ]

    def shown(self) -> list[date]:
        """What the streak's clock shows; before an event has an offset, what UTC does."""
        if self.clock == "member":
            return self.hers()
        if self.clock == "program":
            return self.dates_in("Europe/Berlin")
        utc, found = self.dates_in("UTC"), []
        offsets = dict(self.happened)
        offset = 0
        for quarter in range(self.quarters - A_DAY):
            offset = offsets.get(quarter, offset)
            found.append(utc[quarter + offset // 15])
        return found

    # in the engine

    def plan(self) -> Plan:
        freezes = "{" + ", ".join(f"{name}: {value}" for name, value in self.freezes.items()) + "}"
        more = f", freezes: {freezes}" if self.freezes else ""
        dates = ", ".join(day.isoformat() for day in self.holidays)
        holidays = f", holidays: [{dates}]" if self.holidays and self.every == "business_day" else ""
        return plan_of(
            "program: {name: Club, time_zone: Europe/Berlin}\n"
            f"streaks: {{s: {{event: hub.visited, every: {self.every}, clock: {self.clock},"
            f" at_least: {self.at_least}{more}{holidays}}}}}\n"
            "badges: {run: {streak: s, tiers: [{name: A, at_least: 3}, {name: B, at_least: 6}]}}"
        )

    def events(self) -> list[Event]:
        """In the order in which the log learned of them."""
        visits = [
            Event(instant(self.start, time), "hub", f"v{time}", "hub.visited", offset, {})
            for time, offset in self.happened
        ]
        entered = [
            Event(
                instant(self.start, time), "hub", f"p{time}", PAUSED, 0,
                {"from": first.isoformat(), "to": last.isoformat(), **({"streak": "s"} if time % 2 else {})},
            )
            for time, first, last in self.pauses
        ]  # fmt: skip
        told = sorted([visits[at] for at in self.shuffled] + entered, key=lambda one: one.type == PAUSED)
        if self.shuffled == sorted(self.shuffled):
            told = sorted(told)
        return [one._replace(entry=no, known_at=no) for no, one in enumerate(told, 1)]

    def told(self) -> Told:
        starts = [instant(self.start, begins) for begins, _ in self.zones]
        timeline = Timeline(starts, [Profile({}, zone) for _, zone in self.zones])
        now, plan = instant(self.start, self.now), self.plan()
        return Told(plan, {"bo": tell(plan, self.events(), Given(timeline, now, who=1))}, now)


# ------------------------------------------------------------------------------------------------------- the recount

#: A period: its days, of business days the one.
Days = tuple[date, ...]


class Recount:
    """All periods from the first that counts on, settled one after another. What happened after the quarter `known` is
    not known yet.
    """

    def __init__(self, world: World, known: int) -> None:
        self.world, self.known = world, known
        self.shown = world.shown()
        self.lasted = Counter(self.shown)
        self.begun = self.first_shown()
        self.counted = self.which_count()
        self.paused = {
            first + timedelta(each)
            for entered, first, last in world.pauses
            if entered <= known
            for each in range((last - first).days + 1)
        }
        start = world.freezes.get("start", 0)
        self.most = world.freezes.get("max", max(start, 1)) if world.freezes else 0
        self.freezes = [-1] * start  # in hand: since which quarter
        self.run = self.longest = 0
        self.since: list[int] = []  # when the periods of the run came to count
        self.frozen: set[date] = set()
        self.left = self.periods()

    def first_shown(self) -> dict[date, int]:
        """When the calendar first showed each date, or a later one."""
        first: dict[date, int] = {}
        since = self.world.happened[0][0] if self.world.clock == "event" else 0
        day = min(self.shown) - timedelta(40)
        for quarter in range(since, len(self.shown)):
            while day <= self.shown[quarter]:
                first[day] = quarter
                day += timedelta(1)
        return first

    def which_count(self) -> dict[date, int]:
        """When each period that counts came to do so, by its first day."""
        times: dict[date, list[int]] = {}
        for time, _ in self.world.happened:
            day = self.shown[time]
            if time <= self.known and self.has(day):
                times.setdefault(self.days_of(day)[0], []).append(time)
        needed = self.world.at_least
        return {first: each[needed - 1] for first, each in times.items() if len(each) >= needed}

    def has(self, day: date) -> bool:
        """Whether the day is in any period."""
        return self.world.every != "business_day" or (day.weekday() < 5 and day not in self.world.holidays)

    def days_of(self, day: date) -> Days:
        """The period that holds the day."""
        if self.world.every in ("day", "business_day"):
            return (day,)
        if self.world.every == "week":
            return tuple(day - timedelta(day.weekday()) + timedelta(each) for each in range(7))
        month = [day.replace(day=1)]
        while (month[-1] + timedelta(1)).month == day.month:
            month.append(month[-1] + timedelta(1))
        return tuple(month)

    def periods(self) -> Iterator[Days]:
        day = min(self.counted)
        while True:
            if self.has(day):
                yield self.days_of(day)
            day = self.days_of(day)[-1] + timedelta(1)

    def settle_until(self, today: date) -> None:
        """What was over before this date, and what counts already."""
        for days in self.left:
            if days[-1] >= today and days[0] > max(self.counted):
                self.left = chain([days], self.left)
                return
            if days[-1] < today or days[0] in self.counted:
                self.settle(days)

    def settle(self, days: Days) -> None:
        time = self.counted.get(days[0])
        if time is not None:
            self.count(time)
        elif self.run and not self.bridged(days) and not self.froze(days):
            self.run, self.since = 0, []

    def count(self, time: int) -> None:
        self.since.append(time)
        self.run += 1
        self.longest = max(self.longest, self.run)
        every = self.world.freezes.get("earn_every")
        if every and self.run % every == 0 and len(self.freezes) < self.most:
            self.freezes.append(max(self.since))

    def bridged(self, days: Days) -> bool:
        daily = self.world.every in ("day", "business_day") and self.world.clock != "event"
        return (daily and self.lasted[days[0]] < A_DAY // 2) or all(day in self.paused for day in days)

    def froze(self, days: Days) -> bool:
        usable = [since for since in self.freezes if since < self.begun[days[0]]]
        if usable:
            self.freezes.remove(min(usable))
            self.frozen.add(days[0])
        return bool(usable)

    def standing(self) -> dict[str, Any]:
        """At the quarter up to which all is known."""
        if not self.counted:
            return {"current": 0, "longest": 0, "at_risk": False, "freezes": len(self.freezes), "ends": None}
        today = self.shown[self.known]
        self.settle_until(today)
        running = self.days_of(today) if self.has(today) else None
        missing = running is not None and running[0] > max(self.counted) and not self.bridged(running)
        told = {"current": self.run, "longest": self.longest, "freezes": len(self.freezes)}
        return told | {"at_risk": bool(self.run) and missing, "ends": self.end()}

    def end(self) -> int | None:
        """The quarter from which on the run is over, if nothing more arrives."""
        if not self.run:
            return None
        for days in self.left:
            self.settle(days)
            if not self.run:
                return next(each for each in range(self.known, len(self.shown)) if self.shown[each] > days[-1])
        raise AssertionError

    def state_of(self, start: date) -> str:
        if start in self.counted:
            return "counted"
        return "frozen" if start in self.frozen else ""


# -------------------------------------------------------------------------------------------------------- properties

bounded = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
worlds = st.integers(0, 2**48).map(Random).map(World.of)


@bounded
@given(worlds)
def test_a_streak_stands_as_recounted(world: World) -> None:
    told = world.told()
    recount = Recount(world, world.now)
    expected = recount.standing()
    found = told.standing("bo", "s")
    ends = None if found.alive_until is None else (found.alive_until - instant(world.start, 0)) // QUARTER
    assert {
        "current": found.current,
        "longest": found.longest,
        "at_risk": found.at_risk,
        "freezes": found.freezes,
        "ends": ends,
    } == expected


@bounded
@given(worlds)
def test_each_event_extends_the_run_as_recounted(world: World) -> None:
    told = world.told()
    for effect in told.effects("bo"):
        if isinstance(effect, Extended):
            time = (effect.event.time - instant(world.start, 0)) // QUARTER
            recount = Recount(world, time)
            recount.settle_until(recount.shown[time])
            assert effect.current == recount.run
