"""Properties of the fold: batches and arrival change nothing, and a slow, obvious model comes to the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.gamification import engine
from hub.gamification.events import REVERSED, REVOKED, Event
from hub.gamification.outcome import Points
from hub.gamification.plan import Plan
from hub.gamification.progress import Given, Parts, beginning
from hub.gamification.ranking import number, order_key
from hub.gamification.windows import HOUR
from tests import model
from tests.gamification.play import Standing, Told, at, plan_of, same, tell, timeline
from tests.model import Entry, MemberRow, Published

bounded = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# ------------------------------------------------------------------------------------------------- a pool of programs

METRICS = """
metrics:
  deals: {event: deal.won, take: count}
  open: {event: {deal.won: 1, deal.lost: -1}, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  biggest: {event: deal.won, take: max, of: amount}
  mean: {event: deal.won, take: average, of: amount}
  last: {event: deal.won, take: latest, of: amount}
  names: {event: [deal.won, deal.lost], take: distinct, of: deal}
  days: {event: [deal.won, hub.visited], take: days}
  modules: {event: module.completed, take: distinct, of: module, by: course}
  score: {event: module.completed, take: sum, of: score, by: course}
  scores: {event: module.completed, take: max, of: score, by: course, total: sum}
  lately: {event: module.completed, take: latest, of: score, by: course}
  lost: {event: deal.lost, take: count}
  net: {plus: [deals], minus: [lost]}
  rate: {share: deals, of: names, minimum: 2}
  thrift: {plus: [deals, lost], minus: [points_earned]}
"""
STREAKS = "streaks: {daily: {event: [hub.visited, deal.won], every: day}, weekly: {event: deal.won, every: week}}\n"
LEVELS = "levels: {starter: {at: 0}, pro: {at: 8}, star: {at: 30}}\n"
RULES = (
    "won: {event: deal.won, award: 5}",
    "won: {event: deal.won, award: {points: 1, for_every: 2, of: amount, at_most: 9}, once_per: deal}",
    "won: {event: deal.won, award: 4, cap: [{points: 10, per: week}, {times: 2, per: day}]}",
    "lost: {event: deal.lost, award: -3}",
    "lost: {event: deal.lost, award: 2, cooldown: 36h}",
    "seen: {event: [hub.visited, module.completed], award: 1, for: {tier: gold}}",
)
BADGES = (
    "a: {when: {metric: open, at_least: 2}, points: 4, on_reversal: revoke}",
    "b: {when: {metric: open, at_least: 1, within: week}, repeat: true, points: 2}",
    "c: {metric: revenue, tiers: [{name: X, at_least: 3}, {name: Y, at_least: 9}], points: 3}",
    "d: {when: {metric: modules, at_least: 2}, repeat: true, points: 1, on_reversal: revoke}",
    "e: {metric: score, within: week, repeat: true, tiers: [{name: X, at_least: 2}, {name: Y, at_least: 5}]}",
    "f: {when: {all: [{metric: modules, at_least: 1}, {metric: deals, at_least: 2}]}, repeat: true, points: 2}",
    "g: {personal_best: {metric: biggest, minimum: 2}, points: 2, on_reversal: revoke}",
    "h: {when: {level: pro}, points: 25, on_reversal: revoke}",
    "i: {when: {goal: week}, points: 3}",
    "j: {when: {goal: more}}",
    "k: {when: {metric: points_earned, at_least: 9, within: week}, repeat: true, points: 1, on_reversal: revoke}",
    "l: {when: {metric: thrift, at_least: 1}}",
    "m: {when: {any: [{metric: mean, at_least: 4}, {metric: rate, at_least: 1}]}, until: 2026-11-22, points: 2}",
    "n: {when: {metric: lately, at_least: 3}, for: {tier: gold}, repeat: true}",
    "o: {when: {streak: daily, at_least: 3}, points: 5, on_reversal: revoke}",
    "p: {when: {metric: scores, at_least: 4}, from: 2026-11-18}",
    "q: {when: {at_least_of: {count: 2, conditions: [{metric: names, at_least: 2}, {metric: net, at_least: 1},"
    " {metric: days, at_least: 3}]}}, points: 6}",
    "r: {when: {metric: last, at_least: 4}, for: {tier: gold}, points: 8}",
)
GOALS = """
goals:
  week: {metric: open, window: week, target: 2, targets: [{for: {tier: gold}, target: 1}]}
  more: {metric: deals, window: week, target: {of_previous: 1}}
  points: {metric: points_earned, window: week, target: 6}
"""
ALWAYS = (
    "after: {when: {any: [%s]}, points: 1}",
    "often: {when: {badge: %s, times: 2}}",
)


def program(rules: Sequence[int], badges: Sequence[int], shared: bool) -> str:
    chosen = {RULES[at].split(":")[0]: RULES[at] for at in rules}
    lines = [BADGES[at] for at in badges]
    keys = [line.split(":")[0] for line in lines]
    if keys:
        lines.append(ALWAYS[0] % ", ".join(f"{{badge: {key}}}" for key in keys))
        lines.append(ALWAYS[1] % keys[0])
    text = METRICS + STREAKS + LEVELS + GOALS
    if chosen:
        text += "points:\n" + "".join(f"  {line}\n" for line in chosen.values())
    if chosen and shared:
        text += f"caps: {{both: {{rules: [{', '.join(chosen)}], points: 12, times: 4, per: week}}}}\n"
    if lines:
        text += "badges:\n" + "".join(f"  {line}\n" for line in lines)
    return text


plan_of_text = lru_cache(maxsize=None)(plan_of)


AMOUNTS = (*range(-2, 7), Decimal("0.5"), Decimal("2.0"), Decimal("-1.25"), None)
NAMES = ("a", "b", "c", None)
KINDS = ("deal.won", "deal.won", "deal.lost", "hub.visited", "module.completed")


def some_plan(random: Random) -> Plan:
    rules = sorted(random.sample(range(len(RULES)), random.randrange(4)))
    badges = sorted(random.sample(range(len(BADGES)), random.randrange(6)))
    return plan_of_text(program(rules, badges, random.random() < 0.5))


def some_event(random: Random) -> Event:
    kind, data = random.choice(KINDS), {}
    time = at("mon") + random.randrange(60) * 6 * HOUR
    if kind.startswith("deal"):
        data = {"amount": random.choice(AMOUNTS), "deal": random.choice(NAMES)}
    elif kind == "module.completed":
        data = {"course": random.choice(NAMES), "module": random.choice(NAMES), "score": random.choice(AMOUNTS)}
    return Event(time, random.choice("xy"), "", kind, random.choice((0, 840, -720)), data)


def some_log(random: Random, most: int = 20) -> list[Event]:
    """Entries in the order in which the log learned of them."""
    events = [some_event(random) for _ in range(random.randint(1, most))]
    if random.random() < 0.3:
        events.sort(key=lambda one: one.time)
    return [one._replace(id=f"{no:03}", entry=no, known_at=no) for no, one in enumerate(events, 1)]


def with_reversals(random: Random, log: Sequence[Event]) -> list[Event]:
    """The log, in which some events are taken back: before they are known or after, or twice; reversals too."""
    found = list(log)
    for each in range(random.choice((0, 0, 1, 2, 4))):
        gone, time = random.choice(found), at("mon") + random.randrange(60) * 6 * HOUR
        data = {"source": gone.source, "id": gone.id}
        found.insert(random.randint(0, len(found)), Event(time, random.choice("xy"), f"r{each}", REVERSED, 0, data))
    return [one._replace(entry=no, known_at=no) for no, one in enumerate(found, 1)]


def without_reversed(log: Sequence[Event]) -> list[Event]:
    """What the log comes to: only reversals of events count."""
    gone = [one.data for one in log if one.type == REVERSED]
    return [one for one in log if one.type != REVERSED and {"source": one.source, "id": one.id} not in gone]


randoms = st.integers(0, 2**48).map(Random)
logs = randoms.map(lambda random: some_log(random, 40))
logs_with_reversals = randoms.map(lambda random: with_reversals(random, some_log(random, 40)))


LIVES = (
    {"": {"tier": "gold"}},
    {"": {"tier": "silver"}, "thu": {"tier": "gold", "organization": 1}},
    {"": {"tier": "gold", "organization": 1}, "wed": {"tier": "silver"}, "sat": {"tier": "gold", "organization": 1}},
    {"": {"tier": "gold", "time_zone": "Pacific/Honolulu"}, "wed": {"time_zone": "Pacific/Auckland", "tier": "gold"}},
)


@dataclass(frozen=True)
class World:
    plan: Plan
    log: list[Event]
    given: Given
    sizes: list[int]  # of batches

    @classmethod
    def of(cls, random: Random) -> World:
        plan, log = some_plan(random), with_reversals(random, some_log(random))
        given = Given(timeline(random.choice(LIVES)), at("sun+9"), who=1)
        return cls(plan, log, given, [random.randint(1, 5) for _ in log])

    @classmethod
    def with_hands(cls, random: Random) -> World:
        """One in which badges are given and taken by hand as well: mostly such as there are."""
        world = cls.of(random)
        facts = tell(world.plan, world.log, world.given).facts.values()
        found = list(world.log)
        for each in range(random.choice((1, 2, 4))):
            fact = random.choice([fact for fact in facts if fact.kind == "badge"] or [None])
            badge, tier = (fact.badge, fact.tier) if fact else ("b0", None)
            kind, key = random.choice((REVOKED, REVOKED, "hub.badge.granted")), fact.key if fact else "badge/b0/"
            data = {"badge": badge, "tier": tier, "award": key}
            event = Event(at("mon") + random.randrange(60) * 6 * HOUR, "hub", f"h{each}", kind, 0, data)
            found.insert(random.randint(0, len(found)), event)
        log = [one._replace(entry=no, known_at=no) for no, one in enumerate(found, 1)]
        return cls(world.plan, log, world.given, [random.randint(1, 5) for _ in log])


worlds = randoms.map(World.of)
all_worlds = randoms.map(lambda random: random.choice((World.of, World.with_hands))(random))


# --------------------------------------------------------------------------------------------- batches and arrival


@bounded
@given(all_worlds)
def test_one_entry_after_another_comes_to_the_same_as_all_at_once(world: World) -> None:
    tell(world.plan, world.log, world.given)


@bounded
@given(all_worlds)
def test_any_split_into_batches_comes_to_the_same(world: World) -> None:
    split, at_once = Standing(world.plan, world.given), Standing(world.plan, world.given)
    rest = list(world.log)
    for size in world.sizes:
        split.digest(rest[:size])
        rest = rest[size:]
    at_once.digest(world.log)
    same(split, at_once)


@bounded
@given(worlds)
def test_but_for_kept_facts_neither_the_order_of_arrival_nor_what_was_taken_back_changes_anything(world: World) -> None:
    arrived, ordered = tell(world.plan, world.log, world.given), Standing(world.plan, world.given)
    ordered.digest(sorted(without_reversed(world.log)))
    if not arrived.kept:
        same(arrived, ordered, "read", "ended")


@bounded
@given(all_worlds)
def test_whatever_was_shown_stands(world: World) -> None:
    one = Standing(world.plan, world.given)
    shown: dict[str, int] = {}
    for entry in world.log:
        ended = len(one.ended)
        one.digest([entry])
        for key, by in one.ended[ended:]:
            assert by == entry.entry
            assert entry.type in (REVERSED, REVOKED)
            del shown[key]
        standing = {key: fact.points for key, fact in one.facts.items()}
        assert shown.items() <= standing.items()
        posted = {key: points for key, points in one.posted.items() if key.startswith("badge/")}
        assert posted == {key: points for key, points in standing.items() if points}
        shown = standing


@bounded
@given(all_worlds)
def test_folding_again_what_stands_changes_nothing(world: World) -> None:
    one = tell(world.plan, world.log, world.given)
    before = one.compared()
    one._again([])
    assert one.compared() == before


# ------------------------------------------------------------------------------------------------------------ a model
# What the slow, obvious model of `tests/model` makes of the same events, all folded at once.

MODELLED = (
    """
points:
  fixed: {event: deal.won, award: 4, once_per: deal, cap: [{points: 10, per: week}, {times: 2, per: day}]}
  measured: {event: [deal.won, deal.lost], award: {points: 3, for_every: 2, of: amount, at_least: 1, at_most: 8}}
  slow: {event: hub.visited, award: 5, cooldown: 36h}
  once: {event: deal.lost, award: 2, once_per: true}
  minus: {event: deal.lost, award: -3, cooldown: 30h}
boosts: {half: {rules: [fixed, measured], factor: 3/2, from: 2026-11-18, until: 2026-11-25}}
caps: {both: {rules: [measured, slow, minus], points: 13, times: 4, per: week}}
"""
    + METRICS
    + STREAKS
)
NOW = at("sun+9")


def modelled(log: Sequence[Event], zone: str | None = None) -> model.World:
    program = plan_of_text(MODELLED).program
    start = min(one.time for one in log)
    known = without_reversed(log)
    entries = [Entry(one.source, one.id, one.type, one.time, one.offset, one.data, "bo", None, start) for one in known]
    row = MemberRow("bo", start, {"time_zone": zone}, start)
    return model.tell([Published(program, None, start), row, *entries], NOW)


@settings(bounded, max_examples=100)
@given(logs)
def test_points_are_those_of_the_model(log: list[Event]) -> None:
    plan, world = plan_of_text(MODELLED), modelled(log)
    trace = frozenset(one.entry for one in log)
    given = Given(timeline({"": {}}), NOW, who=1)
    outcome = engine.fold(plan, beginning(plan), Parts(whole=True), sorted(log), given, trace)
    found = [(effect.name, effect.event.id, effect.amount) for effect in outcome.effects if isinstance(effect, Points)]
    found += [(skip.rule, skip.event.id, skip.code) for skip in outcome.skips]
    told = [(key[1], key[3], amount) for key, amount in world.lines("bo").items()]
    told += [(skip.rule, name, skip.code) for (_, name), skips in world.skipped("bo").items() for skip in skips]
    assert sorted(found, key=str) == sorted(told, key=str)


@settings(bounded, max_examples=60)
@given(logs_with_reversals, st.sampled_from([None, "Pacific/Apia", "Pacific/Honolulu", "Asia/Kathmandu"]))
def test_metrics_and_runs_are_those_of_the_model(log: list[Event], zone: str | None) -> None:
    plan, world = plan_of_text(MODELLED), modelled(log, zone)
    told = Told(plan, {"bo": tell(plan, log, Given(timeline({"": {"time_zone": zone}}), NOW, who=1))}, NOW)
    for key, metric in plan.program.metrics.items():
        if metric.take != "latest" or metric.by is None:
            assert told.metric("bo", key) == world.metric("bo", key), key
        if metric.by is not None:
            things = {str(thing[1]): value for thing, value in world.objects("bo", key).items()}
            assert told.objects("bo", key) == things, key
    for key in plan.program.streaks:
        run = told.streak("bo", key)
        assert (run.current, run.longest, run.at_risk) == world.streak("bo", key)[:2] + world.streak("bo", key)[3:4]


# ------------------------------------------------------------------------------------------------------- order keys

exact_numbers = st.one_of(
    st.integers(-(10**20), 10**20),
    st.decimals(-(10**12), 10**12, allow_nan=False, places=6),
    st.fractions(-1000, 1000, max_denominator=1000),
)


@given(exact_numbers, exact_numbers)
def test_order_keys_sort_as_the_numbers_do(one: Any, other: Any) -> None:
    assert (order_key(one) < order_key(other)) == (Fraction(one) < Fraction(other))


@given(st.one_of(st.integers(-(10**20), 10**20), st.decimals(-(10**12), 10**12, allow_nan=False, places=6)))
def test_an_order_key_gives_its_number_back(one: Any) -> None:
    assert number(order_key(one)) == one


def test_the_pool_of_programs_is_free_of_faults() -> None:
    plan = plan_of_text(program(range(len(RULES)), range(len(BADGES)), shared=True))
    assert len(plan.badges) == len(BADGES) + len(ALWAYS)
