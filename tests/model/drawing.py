"""Programs and logs drawn at random: over all that is served of the program file, and all that a log may hold.

A `Draft` is text, line by line, so that it can be read, told again and made smaller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any

from hub.gamification import program
from tests.model.known import calendar_of
from tests.model.places import Entry, MemberRow, OrganizationRow, PlaceInLog, Published, Reversal, Target
from tests.model.times import HOUR, MINUTE, date_written

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
START = int(MONDAY.timestamp()) * 10**6
DAY = 24 * HOUR
#: All is known before any window of a live program is final: what is final is told where the hub serves it.
END = START + 11 * DAY

EVENTS = """
events:
  deal.won: {attributes: {amount: {type: number}, deal: {type: text}, closed: {type: date}, big: {type: boolean}}}
  deal.lost: {attributes: {amount: {type: number}, deal: {type: text}}}
  module.completed: {attributes: {course: {type: text}, module: {type: text}, score: {type: number}}}
  mdf.spent: {about: organization, attributes: {amount: {type: number}}}
"""
METRICS = """
metrics:
  deals: {event: deal.won, take: count}
  named: {event: deal.won, take: count, where: {deal: {in: [a, b]}}}
  open: {event: {deal.won: 1, deal.lost: -1, hub.visited: 2}, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  biggest: {event: deal.won, take: max, of: amount}
  smallest: {event: [deal.won, deal.lost], take: min, of: amount}
  mean: {event: deal.won, take: average, of: amount}
  last: {event: deal.won, take: latest, of: amount}
  names: {event: [deal.won, deal.lost], take: distinct, of: deal}
  amounts: {event: [deal.won, mdf.spent], take: distinct, of: amount}
  days: {event: [deal.won, hub.visited], take: days}
  own_days: {event: [deal.won, hub.visited], take: days, clock: event}
  our_days: {event: [deal.won, hub.visited, mdf.spent], take: days, clock: program}
  modules: {event: module.completed, take: distinct, of: module, by: course}
  score: {event: module.completed, take: sum, of: score, by: course}
  scores: {event: module.completed, take: max, of: score, by: course, total: sum}
  courses: {event: module.completed, take: count, by: course, total: count}
  lately: {event: module.completed, take: latest, of: score, by: course}
  state: {event: module.completed, take: latest, of: module, by: course, show: [score]}
  lost: {event: deal.lost, take: count}
  spent: {event: mdf.spent, take: sum, of: amount}
  net: {plus: [deals], minus: [lost]}
  left: {plus: [revenue], minus: [spent]}
  rate: {share: deals, of: names, minimum: 2}
  odds: {share: revenue, of: open}
  thrift: {plus: [deals, lost], minus: [points_earned]}
  more: {plus: [rate, smallest]}
"""
#: Metrics that a number can be asked of, by what they usually come to.
NUMBERS = (
    "deals", "named", "open", "revenue", "biggest", "smallest", "mean", "last", "names", "amounts", "days", "own_days",
    "our_days", "modules", "score", "scores", "courses", "lately", "lost", "net", "left", "rate", "odds", "more",
    "points_earned", "points_received",
)  # fmt: skip
OBJECTS = ("modules", "score", "lately")
SPANS = ("{from: 2026-11-17, until: 2026-11-20}", "{from: 2026-11-01, until: 2026-12-01}")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "Pacific/Honolulu")
FOR = (
    "{tier: gold}", "{tier: {not: gold}}", "{role: [sales_rep, marketing]}", "{region: {present: true}}",
    "{any: [{tag: {not_in: [x]}}, {organization: acme}]}", "{none: [{tier: gold}, {tag: x}]}",
    "{size: {starts_with: l}, region: emea}",
)  # fmt: skip
WHERE = (
    "{amount: {at_least: 2}}", "{amount: {less_than: 4}}", "{deal: a}", "{deal: {not: a}}", "{amount: {present: true}}",
    "{any: [{deal: [a, b]}, {amount: {more_than: 3, at_most: 5}}]}", "{none: [{deal: {present: false}}]}",
    "{amount: {not_in: [1, 2.0]}}",
)  # fmt: skip
WON_WHERE = (*WHERE, "{closed: {at_least: 2026-11-18}}", "{big: true}", "{big: {not: true}, deal: {starts_with: a}}")


# ---------------------------------------------------------------------------------------------------------- programs


@dataclass(frozen=True)
class Draft:
    """A program file: its settings, and its entries by section."""

    head: str
    sections: dict[str, tuple[str, ...]]

    @property
    def text(self) -> str:
        found = self.head + EVENTS + METRICS
        for name, lines in self.sections.items():
            if lines:
                found += f"{name}:\n" + "".join(f"  {line}\n" for line in lines)
        return found

    @property
    def program(self) -> Any:
        return _read(self.text)

    def with_less(self) -> Iterator[Draft]:
        """The program without one of its entries, if it is one then."""
        for section, lines in self.sections.items():
            for at in range(len(lines)):
                less = Draft(self.head, {**self.sections, section: lines[:at] + lines[at + 1 :]})
                if program.read(less.text, now=0).program is not None:
                    yield less


@lru_cache(maxsize=256)
def _read(text: str) -> Any:
    found = program.read(text, now=0)
    if found.program is None:
        raise ValueError(f"{[str(fault) for fault in found.faults]}\n{text}")
    return found.program


def served(*paths: str) -> bool:
    """Whether the hub serves these parts of the language by now."""
    return not set(paths) & set(program.NOT_YET)


class Drawer:
    """Draws the lines of a program. What it draws for one key is told twice the same or not: versions differ so."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def maybe(self, text: str, one_in: int = 3) -> str:
        return text if self.random.randrange(one_in) == 0 else ""

    def one(self, values: Sequence[Any]) -> Any:
        return self.random.choice(values)

    def some(self, names: Sequence[str], draw: Callable[[str], str], most: int) -> tuple[str, ...]:
        count = self.random.randint(0, most)
        chosen = sorted(self.random.sample(range(len(names)), min(count, len(names))))
        return tuple(f"{names[at]}: {draw(names[at])}" for at in chosen)

    def draft(self) -> Draft:
        rules = self.some(("r1", "r2", "r3", "r4"), self.rule, 4)
        keys = [line.split(":")[0] for line in rules]
        badges = self.badges()
        return Draft(
            self.head(),
            {
                "points": rules,
                "caps": self.some(("c1", "c2"), lambda _: self.shared_cap(keys), 2) if keys else (),
                "boosts": self.some(("x1", "x2"), lambda _: self.boost(keys), 2) if keys else (),
                "badges": badges,
                "streaks": ("s1: " + self.streak(), "s2: " + self.streak()),
                "goals": ("g1: " + self.goal(), "g2: " + self.goal(), "g3: " + self.goal(", whose: organization")),
                "leaderboards": self.some(("b1", "b2", "b3"), lambda _: self.board(), 3),
                "levels": self.levels(),
                "actions": self.some(("a1", "a2"), lambda _: self.action(keys_of(badges)), 2),
            },
        )

    def head(self) -> str:
        week = self.one(("monday", "monday", "sunday", "wednesday"))
        live = self.one(("2026-11-13", "2026-11-20", "2027-01-01"))
        zone = self.one((*ZONES[:3], "America/Santiago", "Pacific/Auckland"))
        return f"program: {{name: Club, time_zone: {zone}, week_starts: {week}, live_from: {live}, grace: 336h}}\n"

    # Points.

    def rule(self, _key: str) -> str:
        types = self.one(("deal.won", "deal.won", "deal.lost", "[deal.won, deal.lost]", "[hub.visited, deal.won]"))
        deals = "hub" not in types
        fields = [f"event: {types}", f"award: {self.award(deals)}"]
        fields.append(self.maybe(f"where: {self.one(WON_WHERE if types == 'deal.won' else WHERE)}") if deals else "")
        fields.append(self.maybe(f"for: {self.one(FOR)}", 4))
        fields.append(self.maybe(f"once_per: {self.one(('deal', 'amount', 'true'))}", 4) if deals else "")
        fields.append(self.maybe(f"cooldown: {self.one(('5h', '36h', '7d'))}", 5))
        fields.append(self.maybe(f"cap: {self.cap()}", 3))
        fields.append(self.maybe("from: 2026-11-18", 8))
        fields.append(self.maybe("until: 2026-11-23", 8))
        return "{" + ", ".join(each for each in fields if each) + "}"

    def award(self, measured: bool) -> str:
        if not measured or self.random.random() < 0.6:
            return str(self.one((1, 3, 4, 5, 10, -2, -3)))
        least = self.maybe(f", at_least: {self.one((1, 3))}")
        most = self.maybe(f", at_most: {self.one((4, 8))}")
        return f"{{points: {self.one((1, 2, 3))}, for_every: {self.one((1, 2, '0.5'))}, of: amount{least}{most}}}"

    def cap(self) -> str:
        one = self.limit()
        return f"[{one}, {self.limit()}]" if self.random.random() < 0.3 else one

    def limit(self) -> str:
        what = self.one(("points: 7", "points: 12", "times: 1", "times: 2", "points: 9, times: 3"))
        return f"{{{what}, per: {self.window()}}}"

    def window(self) -> str:
        kinds = ("day", "week", "week", "month", "quarter", "year", "all", *SPANS)
        return str(self.one(kinds))

    def shared_cap(self, keys: Sequence[str]) -> str:
        return f"{{rules: [{', '.join(self.subset(keys))}], {self.limit()[1:]}"

    def subset(self, keys: Sequence[str]) -> list[str]:
        return [key for key in keys if self.random.random() < 0.7] or [keys[0]]

    def boost(self, keys: Sequence[str]) -> str:
        factor = self.one(("3/2", "2", "1/3", "1.25"))
        more = (
            self.maybe(", from: 2026-11-18") + self.maybe(", until: 2026-11-23") + self.maybe(f", for: {self.one(FOR)}")
        )
        return f"{{rules: [{', '.join(self.subset(keys))}], factor: {factor}{more}}}"

    def levels(self) -> tuple[str, ...]:
        return ("starter: {at: 0}", f"pro: {{at: {self.one((5, 8, 12))}}}", f"star: {{at: {self.one((20, 30))}}}")

    # Badges.

    def badges(self) -> tuple[str, ...]:
        lines = ["d0: {points: 2" + self.maybe(f", for: {self.one(FOR)}", 4) + "}"]
        for key in ("d1", "d2", "d3", "d4", "d5", "d6")[: self.random.randint(0, 6)]:
            lines.append(f"{key}: {self.badge([line.split(':')[0] for line in lines])}")
        self.random.shuffle(lines)
        return tuple(lines)

    def badge(self, others: Sequence[str]) -> str:
        form = self.random.random()
        fields = [self.tiers() if form < 0.25 else self.best() if form < 0.35 else self.when(others)]
        fields.append(self.maybe(f"points: {self.one((1, 2, 5, 25))}", 2))
        fields.append(self.maybe(f"for: {self.one(FOR)}", 5))
        fields.append(self.maybe("from: 2026-11-18", 8))
        fields.append(self.maybe("until: 2026-11-22", 8))
        fields.append(self.maybe("on_reversal: revoke", 3))
        return "{" + ", ".join(each for each in fields if each) + "}"

    def tiers(self) -> str:
        if self.random.random() < 0.25:
            return f"streak: {self.one(('s1', 's2'))}, tiers: [{{name: X, at_least: 2}}, {{name: Y, at_least: 3}}]"
        metric = self.one(NUMBERS)
        steps = sorted(self.random.sample((1, 2, 3, 5, 8, 12), self.one((2, 2, 3))))
        tiers = ", ".join(f"{{name: {name}, at_least: {step}}}" for name, step in zip("XYZ", steps, strict=False))
        within = self.maybe(f", within: {self.window()}, repeat: true", 3)
        repeat = ", repeat: true" if not within and metric in OBJECTS and self.random.random() < 0.5 else ""
        return f"metric: {metric}, tiers: [{tiers}]{within}{repeat}"

    def best(self) -> str:
        return f"personal_best: {{metric: biggest, minimum: {self.one((-1, 1, 2, 4))}}}"

    def when(self, others: Sequence[str]) -> str:
        if self.random.random() < 0.4:
            metric, within = self.one(NUMBERS), self.window()
            asked = f"when: {{metric: {metric}, at_least: {self.number()}, within: {within}}}"
            return asked + self.maybe(", repeat: true", 2)
        if self.random.random() < 0.3:
            parts = [self.leaf_about(self.one(OBJECTS)), self.leaf(others), self.leaf_about(self.one(OBJECTS))]
            chosen = parts[: self.random.randint(1, 3)]
            count = f"count: {self.random.randint(1, len(chosen))}, conditions: [{', '.join(chosen)}]"
            return f"when: {{at_least_of: {{{count}}}}}" + self.maybe(", repeat: true", 2)
        return f"when: {self.condition(others, 0)}"

    def number(self) -> str:
        return str(self.one((1, 1, 2, 2, 3, 4, 6, 9, "0.5", "2.5")))

    def leaf_about(self, metric: str) -> str:
        return f"{{metric: {metric}, at_least: {self.number()}}}"

    def condition(self, others: Sequence[str], depth: int) -> str:
        if depth == 2 or self.random.random() < 0.5:
            return self.leaf(others)
        parts = ", ".join(self.condition(others, depth + 1) for _ in range(self.random.randint(2, 3)))
        form = self.one(("{all: [PARTS]}", "{any: [PARTS]}", "{at_least_of: {count: 2, conditions: [PARTS]}}"))
        return str(form).replace("PARTS", parts)

    def leaf(self, others: Sequence[str]) -> str:
        kind = self.random.random()
        if kind < 0.2 and others:
            return f"{{badge: {self.one(others)}{self.maybe(', times: 2')}}}"
        if kind < 0.3:
            return f"{{level: {self.one(('pro', 'pro', 'star', 'starter'))}}}"
        if kind < 0.45:
            return f"{{goal: {self.one(('g1', 'g2'))}}}"
        if kind < 0.6:
            return f"{{streak: {self.one(('s1', 's2'))}, at_least: {self.one((1, 2, 3))}}}"
        within = self.maybe(f", within: {self.window()}", 3)
        return f"{{metric: {self.one((*NUMBERS, 'thrift'))}, at_least: {self.number()}{within}}}"

    # Streaks, goals, boards.

    def streak(self) -> str:
        every = self.one(("day", "day", "business_day", "week", "month"))
        fields = [f"event: {self.one(('hub.visited', '[hub.visited, deal.won]', 'deal.won'))}", f"every: {every}"]
        fields.append(self.maybe("at_least: 2", 5))
        fields.append(self.maybe(f"clock: {self.one(('program', 'event'))}", 3))
        if every == "business_day" and served("streaks.*.holidays"):
            fields.append(self.maybe("holidays: [2026-11-18, 2026-11-23]", 2))
        if served("streaks.*.freezes"):
            fields.append(self.maybe(f"freezes: {self.freezes()}", 2))
        return "{" + ", ".join(each for each in fields if each) + "}"

    def freezes(self) -> str:
        start = self.one((0, 1, 2))
        more = self.maybe(f", earn_every: {self.one((1, 2, 3))}", 2) + self.maybe(
            f", max: {max(start, self.one((1, 3)))}", 2
        )
        return f"{{start: {start}{more}}}"

    def goal(self, more: str = "") -> str:
        kind = self.one(("day", "week", "week", "month", *SPANS))
        fields = [f"metric: {self.one(NUMBERS)}", f"window: {kind}{self.maybe(more, 2)}"]
        previous = kind[0] != "{"
        fields.append(f"target: {self.target(previous)}" if self.random.random() < 0.9 else "")
        fields.append(self.maybe(f"targets: [{{for: {self.one(FOR)}, target: {self.target(previous)}}}]"))
        fields.append(self.maybe(f"for: {self.one(FOR)}", 4))
        if "whose" not in fields[1]:
            fields.append(self.maybe(f"reward: {{{self.one(('points: 4', 'badge: d0', 'points: 1, badge: d0'))}}}", 2))
        return "{" + ", ".join(each for each in fields if each) + "}"

    def target(self, previous: bool) -> str:
        if previous and self.random.random() < 0.25:
            return f"{{of_previous: {self.one(('1', '11/10', '1/2'))}}}"
        return self.number()

    def board(self) -> str:
        fields = [f"metric: {self.one(NUMBERS)}", f"window: {self.window()}", self.maybe("whose: organization")]
        if "organization" not in fields[-1]:
            fields.append(self.maybe(f"among: {self.one(('region', 'tier', 'organization'))}"))
        fields.append(self.maybe(f"for: {self.one(FOR)}", 5))
        fields.append(self.maybe(f"minimum: {self.number()}", 4))
        fields.append(self.maybe("ties: dense", 3) or self.maybe("direction: lowest", 3))
        return "{" + ", ".join(each for each in fields if each) + "}"

    def action(self, others: Sequence[str]) -> str:
        types = self.one(("deal.won", "hub.visited", "[deal.won, deal.lost]"))
        fields = [f"event: {types}", self.maybe(f"for: {self.one(FOR)}")]
        fields.append(self.maybe(f"where: {self.one(WHERE)}") if "visited" not in types else "")
        goal = f"{{goal: {self.one(('g1', 'g2'))}, pace: {self.one(('behind', 'behind', 'ahead'))}}}"
        fields.append(
            self.maybe(f"when: {self.one(('{idle: 30h}', '{idle: 4d}', goal, goal, self.condition(others, 1)))}", 1)
        )
        fields.append(self.maybe(f"bonus: {{points: {self.one((2, 5))}, within: {self.one(('1h', '30h', '5d'))}}}", 1))
        fields.append(self.maybe(f"again_after: {self.one(('1h', '24h', '50h'))}", 2))
        return "{" + ", ".join(each for each in fields if each) + "}"

    def changed(self, draft: Draft) -> Draft:
        """The next version: some entries drawn anew, some dropped."""
        fresh = self.draft()
        sections = {
            name: lines if self.random.random() < 0.6 else fresh.sections[name]
            for name, lines in draft.sections.items()
        }
        if sections["badges"] is fresh.sections["badges"]:
            sections["actions"] = fresh.sections["actions"]
        elif sections["actions"] is fresh.sections["actions"]:
            sections["actions"] = draft.sections["actions"]
        rules = keys_of(sections["points"])
        for name in ("caps", "boosts"):
            named = tuple(f"{key}: {self._again(name, rules)}" for key in ("c1", "x1") if rules)
            sections[name] = named if self.random.random() < 0.5 else ()
        return Draft(draft.head if self.random.random() < 0.8 else fresh.head, sections)

    def _again(self, name: str, rules: Sequence[str]) -> str:
        return self.shared_cap(rules) if name == "caps" else self.boost(rules)


def keys_of(lines: Sequence[str]) -> list[str]:
    return [line.split(":")[0] for line in lines]


# -------------------------------------------------------------------------------------------------------------- logs

MEMBERS = ("ada", "bo")
ORGANIZATIONS = ("acme", "bora")
AMOUNTS = (*range(-2, 7), Decimal("0.5"), Decimal("2.0"), Decimal("-1.25"), None)
NAMES = ("a", "b", "c", None)
KINDS = ("deal.won", "deal.won", "deal.won", "deal.lost", "hub.visited", "hub.visited", "module.completed")
OWN = ("hub.streak.paused", "hub.points.adjusted", "hub.prize.won", "hub.recognition.given", "hub.recognition.received")
OFFSETS = (0, 0, 60, 840, -720, 345)


@dataclass(frozen=True)
class Learned:
    """A place of the log, and when it was known. A publication is a draft, with its `--from`."""

    place: PlaceInLog | Draft
    known_at: int
    from_: int | None = None

    @property
    def told(self) -> PlaceInLog:
        if isinstance(self.place, Draft):
            return Published(self.place.program, self.from_, self.known_at)
        return replace(self.place, known_at=self.known_at)


@dataclass(frozen=True)
class Story:
    """A log, and when one looks."""

    learned: tuple[Learned, ...]
    now: int

    @property
    def log(self) -> list[PlaceInLog]:
        return [each.told for each in self.learned]


def story(random: Random, entries: int = 24) -> Story:
    """Everything that a log may hold, and one or two versions of a program."""
    drawer = Drawer(random)
    draft = drawer.draft()
    first = START - 5 * DAY
    learned = [Learned(draft, first)]
    learned += [Learned(_organization(random, each, first), first) for each in ORGANIZATIONS if random.random() < 0.7]
    learned += [Learned(_member(random, each, first), first) for each in MEMBERS]
    if random.random() < 0.2:
        learned += [Learned(row, first) for row in _journey(random)]
    for event in sorted([*_events(random, entries), *_visits(random)], key=lambda one: one.known_at):
        at = max(event.known_at, learned[-1].known_at)
        learned += [Learned(place, at, from_) for place, from_ in _between(random, drawer, draft, at)]
        learned.append(Learned(event, at))
    learned = _with_reversals(random, learned)
    return Story(tuple(learned), learned[-1].known_at + random.choice((0, 0, 1, 5 * HOUR, 30 * HOUR, 9 * DAY)))


def _events(random: Random, most: int) -> list[Entry]:
    """In the order in which they are known: mostly as they happen, or many of them late."""
    late = random.choice((0.05, 0.3, 0.8))
    events = []
    for number in range(random.randint(1, most)):
        event = _entry(random, number)
        delay = random.randint(0, 10 * 24) * HOUR if random.random() < late else 0
        events.append(replace(event, known_at=min(event.time + delay, END)))
    return sorted(events, key=lambda one: one.known_at)


def _journey(random: Random) -> list[MemberRow]:
    """Over the date line and back, planned in advance."""
    there, back = random.sample(("Pacific/Honolulu", "Pacific/Auckland"), 2)
    leaves = START + random.randint(0, 4 * 24) * HOUR
    home = _member(random, "bo", START - 10 * DAY)
    rows = [replace(home, profile={**home.profile, "time_zone": there})]
    for zone, time in ((back, leaves), (there, leaves + random.randint(6, 4 * 24) * HOUR)):
        rows.append(MemberRow("bo", time, {**home.profile, "time_zone": zone}))
    return rows


def _visits(random: Random) -> list[Entry]:
    """A visit nearly every day, at nearly the same hour, so that runs come about; or none."""
    if random.random() < 0.5:
        return []
    hour = random.randrange(24)
    days = [day for day in range(9) if random.random() < 0.85]
    times = [START + (day * 24 + hour + random.randint(-2, 2)) * HOUR for day in days]
    offset = random.choice(OFFSETS)
    return [
        Entry("hub", f"visit/{number}", "hub.visited", time, offset, {}, "bo", None, time)
        for number, time in enumerate(times)
    ]


def _between(random: Random, drawer: Drawer, draft: Draft, at: int) -> list[tuple[PlaceInLog | Draft, int | None]]:
    """What the hub may learn between two events, once in a while; with the `--from` of a publication."""
    chance = random.random()
    since = random.choice((at, at - random.randint(0, 5 * 24) * HOUR))
    if chance < 0.05:
        return [(_member(random, random.choice(MEMBERS), since), None)]
    if chance < 0.07:
        return [(_organization(random, random.choice(ORGANIZATIONS), since), None)]
    if chance < 0.15:
        calendar, goal = calendar_of(draft.program), draft.program.goals[random.choice(("g1", "g2"))]
        window = calendar.window(goal.window, at - random.randint(-2, 5) * DAY).name
        return [(Target(goal.key, random.choice(MEMBERS), window, random.randint(1, 5)), None)]
    if chance < 0.18:
        return [(drawer.changed(draft), random.choice((None, since)))]
    return []


def _with_reversals(random: Random, learned: list[Learned]) -> list[Learned]:
    """Some events are taken back, before they are known or after; one perhaps twice."""
    events = [each.place for each in learned if isinstance(each.place, Entry)]
    # Not before the program and its people.
    first = next(at for at, each in enumerate(learned) if isinstance(each.place, Entry)) - 1
    found = list(learned)
    for _ in range(random.choice((0, 0, 1, 1, 2, 4))):
        gone, at = random.choice(events), random.randrange(first, len(found))
        found.insert(at + 1, Learned(Reversal(gone.source, gone.id), found[at].known_at))
    return found


def _time(random: Random) -> int:
    """Round times often meet, and lie where days and windows begin."""
    hours = random.randrange(-20, 87) * 3
    return START + hours * HOUR + random.choice((0, 0, 0, 15 * MINUTE, 30 * MINUTE, -1, 1))


def _entry(random: Random, number: int) -> Entry:
    kind = random.choice(KINDS if random.random() < 0.9 else OWN)
    name, time, offset = f"{number:03}", _time(random), random.choice(OFFSETS)
    if random.random() < 0.05:
        data = {"amount": random.choice(AMOUNTS)}
        return Entry("erp", name, "mdf.spent", time, offset, data, organization=random.choice(ORGANIZATIONS))
    source = "hub" if kind.startswith("hub.") else random.choice(("crm", "lms"))
    return Entry(source, name, kind, time, offset, _data(random, kind, time), random.choice(MEMBERS))


def _data(random: Random, kind: str, time: int) -> dict[str, Any]:
    if kind == "deal.won":
        closed = random.choice((None, *(f"{date(2026, 11, 15) + timedelta(days=days)}" for days in range(6))))
        data = {"amount": random.choice(AMOUNTS), "deal": random.choice(NAMES), "closed": closed}
        return data | {"big": random.choice((True, False, None))}
    if kind == "deal.lost":
        return {"amount": random.choice(AMOUNTS), "deal": random.choice(NAMES)}
    if kind == "module.completed":
        return {"course": random.choice(NAMES), "module": random.choice(NAMES), "score": random.choice(AMOUNTS)}
    return _own(random, kind, time)


def _own(random: Random, kind: str, time: int) -> dict[str, Any]:
    """Of the hub's own events."""
    if kind == "hub.points.adjusted":
        return {"points": random.choice((-4, 3, 6))}
    if kind == "hub.streak.paused":
        first = date_written(time, 0) + timedelta(days=random.randint(1, 4))
        last = first + timedelta(days=random.choice((0, 1, 2, 7)))
        return {"from": f"{first}", "to": f"{last}", "streak": random.choice(("s1", "s2", None))}
    if kind == "hub.prize.won":
        return {"leaderboard": "b1", "rank": 1, "points": random.choice((0, 5))}
    return {"points": random.choice((0, 2, 9)), "category": "thanks"} if "recognition" in kind else {}


def _member(random: Random, member: str, valid_from: int) -> MemberRow:
    profile = {
        "role": random.choice((("sales_rep",), ("marketing", "sales_rep"), ("field_team",))),
        "organization": random.choice((*ORGANIZATIONS, *ORGANIZATIONS, None)),
        "tier": random.choice((None, None, "gold", "silver")),
        "region": random.choice((None, "emea", "apac")),
        "tag": random.choice(((), ("x",), ("y", "z"))),
        "time_zone": random.choice((None, *ZONES)),
        "listed": random.choice((True, True, False)),
    }
    return MemberRow(member, valid_from, profile)


def _organization(random: Random, organization: str, valid_from: int) -> OrganizationRow:
    profile = {
        "type": "reseller",
        "tier": random.choice((None, "gold", "silver")),
        "region": random.choice((None, "emea")),
        "size": random.choice(("large", "small", None)),
        "tag": random.choice(((), ("x",))),
    }
    return OrganizationRow(organization, valid_from, profile)
