"""When people work: their weeks, holidays where they live, absences, and the push at the end of a quarter."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from random import Random

from hub.demo.people import SEED, Person

MONDAY, FRIDAY = 0, 4
_PUSH_DAYS = 12

#: First and last day of a dip (month, day), and how much of the usual is left, by region; "" is everywhere.
_DIPS = (
    ("", (12, 24), (12, 31), 0.08),
    ("", (1, 1), (1, 4), 0.15),
    ("emea", (5, 1), (5, 1), 0.03),
    ("emea", (7, 27), (8, 23), 0.5),
    ("emea", (10, 3), (10, 3), 0.4),
    ("americas", (7, 3), (7, 5), 0.1),
    ("americas", (11, 26), (11, 28), 0.15),
    ("americas", (8, 3), (8, 16), 0.7),
    ("apac", (4, 29), (5, 6), 0.3),
    ("apac", (8, 11), (8, 16), 0.5),
)


@lru_cache(maxsize=4096)
def energy(day: date, region: str) -> float:
    """How much people of a region do on a date, of what they do on a usual working day."""
    if day.weekday() > FRIDAY:
        return 0.0
    left = 0.8 if day.weekday() == FRIDAY else 1.0
    for where, first, last, rest in _DIPS:
        if where in {"", region} and first <= (day.month, day.day) <= last:
            left *= rest
    return left


def away(one: Person, day: date) -> bool:
    """Whether she is on leave: some days of each quarter. The cast takes theirs early in the year."""
    if one.cast and day.month > 6:
        return False
    start, length = _leave(one.id, day.year, quarter(day))
    return start <= day < start + timedelta(days=length)


@lru_cache(maxsize=4096)
def _leave(id_: str, year: int, number: int) -> tuple[date, int]:
    random = Random(f"{SEED}/{id_}/leave/{year}/{number}")
    first = date(year, 3 * number - 2, 1)
    return first + timedelta(days=random.randrange(80)), random.choice((0, 3, 5, 9, 12))


def quarter(day: date) -> int:
    return (day.month + 2) // 3


def end_of_quarter(day: date) -> date:
    """Its last day."""
    number = quarter(day)
    following = date(day.year + number // 4, 3 * (number % 4) + 1, 1)
    return following - timedelta(days=1)


def workday(day: date) -> date:
    """That day, or the Monday after it."""
    return day if day.weekday() <= FRIDAY else day + timedelta(days=7 - day.weekday())


def closing(day: date, random: Random) -> date:
    """The working day on which a deal is closed that would be on `day`: before a quarter's end many are pulled in."""
    before = date(day.year, 3 * quarter(day) - 2, 1) - timedelta(days=1)
    if (day - before).days <= _PUSH_DAYS and random.random() < 0.55:
        day = before - timedelta(days=random.randrange(4))
    while day.weekday() > FRIDAY:
        day -= timedelta(days=1)
    return day
