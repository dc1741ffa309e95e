"""How things stand when the curtain rises: the story's last weeks, set so that every page has something at stake.

Bo is close behind the first seller of the month, some deals short of the next badge, most of the way to the quarter's
goal, and both of Bo's runs end unless something happens today. Whatever the day is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from hub.demo import rhythm, story
from hub.demo.people import Person
from hub.demo.story import CERTIFICATE, CLAIM, COURSE, DOWNLOAD, MODULE, REGISTERED, WON, Happening
from hub.directory.targets import TargetRecord
from hub.gamification.windows import Calendar, Window
from hub.ledger.arrivals import HUB_VISITED

BO = "bo"
GOAL = "quarter_revenue"
#: What counts no revenue in the program.
SERVICES = "services"
#: Just below the next tier, and the next badge.
DEALS, ASSETS = 48, 23
RUN_DAYS = 17
BEHIND = Fraction(97, 100)
OF_TARGET = Fraction(82, 100)
_LEAST = 900
_STEP = 1_000


@dataclass(frozen=True, slots=True)
class Scene:
    """What happened, and what single sellers were set to reach."""

    told: list[Happening]
    targets: list[TargetRecord]


def set_(told: Sequence[Happening], people: Sequence[Person], calendar: Calendar, now: int) -> Scene:
    """The story up to `now`, with the cast's last weeks set in it."""
    changed = list(told)
    for one in people:
        if one.cast:
            changed = _visiting(changed, one, now)
    changed = _learning_until_last_week(changed, calendar, now)
    changed = _fewer(changed, DEALS, WON, REGISTERED, CLAIM)
    changed = _with_assets(changed, ASSETS)
    changed = _close_behind(changed, people, calendar.window("month", now))
    return Scene(story.in_order(changed), list(_targets(changed, people, calendar, now)))


def _visiting(told: list[Happening], one: Person, now: int) -> list[Happening]:
    """A visit on each of the last working days, none on the one before; Bo's of today is still to come."""
    today = story.today(one, now)
    days = [day for back in range(1, 2 * RUN_DAYS) if (day := today - timedelta(days=back)).weekday() <= rhythm.FRIDAY]
    run, broken = days[:RUN_DAYS], days[RUN_DAYS]
    known = {f"visit/{one.id}/{day.isoformat()}" for day in (*run, broken)}
    if one.id == BO:
        known.add(f"visit/{BO}/{today.isoformat()}")
    rest = [each for each in told if each.kind != HUB_VISITED or each.id not in known]
    since = min((each.time for each in told if each.who == one.id), default=now)
    return rest + [visit for day in run if (visit := _visit(one, day)).time > since]


def _visit(one: Person, day: date) -> Happening:
    return story.visit(one, day, 7.6 + (day.toordinal() * 37 % 110) / 60)


def _learning_until_last_week(told: list[Happening], calendar: Calendar, now: int) -> list[Happening]:
    week = calendar.window("week", now)
    learned = {MODULE, COURSE, CERTIFICATE}
    return [one for one in told if not (one.who == BO and one.kind in learned and one.time >= week.start)]


def _fewer(told: list[Happening], most: int, *kinds: str) -> list[Happening]:
    """Bo's newest `most` deals that were won; of older ones nothing is told."""
    won = sorted((one.time, one.data["deal"]) for one in story.of(told, BO, kinds[0]))
    dropped = {deal for _, deal in won[: max(len(won) - most, 0)]}
    return [one for one in told if not (one.who == BO and one.kind in kinds and one.data["deal"] in dropped)]


def _with_assets(told: list[Happening], most: int) -> list[Happening]:
    """Bo has downloaded so many different assets: a download of one more never was."""
    seen: set[str] = set()
    dropped: set[str] = set()
    for one in story.in_order(story.of(told, BO, DOWNLOAD)):
        asset = one.data["asset"]
        if asset not in seen and len(seen) == most:
            dropped.add(one.id)
        else:
            seen.add(asset)
    return [one for one in told if not (one.who == BO and one.id in dropped)]


def _close_behind(told: list[Happening], people: Sequence[Person], month: Window) -> list[Happening]:
    """Bo's deals of this month add up to a little less than those of the best other seller of the region."""
    region = {one.id for one in people if one.firm.region == "emea" and "sales_rep" in one.roles}
    scores = Counter[str]()
    for one in _sold(told, month):
        if one.who in region:
            scores[one.who] += one.data["amount"]
    mine = scores.pop(BO, 0)
    best = max(scores.values(), default=0)
    if not mine or not best:
        return told
    deals = [one for one in _sold(told, month) if one.who == BO]
    amounts = _spread([one.data["amount"] for one in deals], int(best * BEHIND))
    worth = {one.id: amount for one, amount in zip(deals, amounts, strict=True)}
    return [one.with_amount(worth[one.id]) if one.who == BO and one.id in worth else one for one in told]


def _spread(amounts: Sequence[int], total: int) -> list[int]:
    """The same amounts, larger or smaller alike, so that they add up to the total."""
    factor = Fraction(total, sum(amounts))
    scaled = [max(int(amount * factor) // 10 * 10, _LEAST) for amount in amounts]
    largest = scaled.index(max(scaled))
    scaled[largest] = max(scaled[largest] + total - sum(scaled), _LEAST)
    return scaled


def _sold(told: Iterable[Happening], window: Window) -> list[Happening]:
    return [
        one
        for one in told
        if one.kind == WON and window.start <= one.time < window.end and one.data["product"] != SERVICES
    ]


def _targets(
    told: Sequence[Happening], people: Sequence[Person], calendar: Calendar, now: int
) -> Iterable[TargetRecord]:
    """Bo's own target of this quarter, and those of some others: what their managers agreed with them."""
    quarter = calendar.window("quarter", now)
    sold = Counter[str]()
    for one in _sold(told, quarter):
        sold[one.who] += one.data["amount"]
    for place, person in enumerate(one for one in people if one.role == "sales_rep"):
        if person.id == BO and sold[BO]:
            wanted = int(sold[BO] / OF_TARGET) // _STEP * _STEP
            yield TargetRecord(GOAL, BO, quarter.name, str(max(wanted, _STEP)))
        elif place % 5 == 4:
            yield TargetRecord(GOAL, person.id, quarter.name, str(30_000 + place * 7 % 10 * 5_000))
