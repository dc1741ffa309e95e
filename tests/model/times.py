"""Days, windows and zones, by asking the zone for each minute. Sections "Attributes..." and "Windows..."."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
EVER = 2**62

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_DAY = timedelta(days=1)


class Window(NamedTuple):
    name: str
    start: int
    end: int

    def holds(self, time: int) -> bool:
        return self.start <= time < self.end


ALL = Window("all", -EVER, EVER)


def date_in(zone: str, time: int) -> date:
    """The date that clocks in the zone show."""
    return (EPOCH + timedelta(microseconds=time)).astimezone(ZoneInfo(zone)).date()


def date_written(time: int, offset: int) -> date:
    """The date in a time as it was written."""
    return (EPOCH + timedelta(microseconds=time + offset * MINUTE)).date()


def midnight_utc(day: date) -> int:
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


@cache
def first_instant(zone: str, day: date) -> int:
    """The first instant at which clocks show this date, or a later one where the zone skips it."""
    start = midnight_utc(day) - 27 * HOUR
    minute = next(at for at in range(start, start + 60 * HOUR, MINUTE) if date_in(zone, at) >= day)
    return next(at for at in range(minute - MINUTE, minute + SECOND, SECOND) if date_in(zone, at) >= day)


@cache
def stretches(zone: str, day: date) -> list[tuple[int, int]]:
    """When clocks in the zone show this date: once, as a rule; never where it is skipped; twice where they go back."""
    start = midnight_utc(day) - 27 * HOUR
    minutes = [at for at in range(start, start + 60 * HOUR, MINUTE) if date_in(zone, at) == day]
    found: list[tuple[int, int]] = []
    for at in minutes:
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + MINUTE)
        else:
            found.append((at, at + MINUTE))
    return found


class Calendar:
    """The program's: a zone, and the weekday on which weeks begin."""

    def __init__(self, zone: str, week_starts: str) -> None:
        self.zone = zone
        self.first_weekday = WEEKDAYS.index(week_starts)

    def start_of(self, day: date) -> int:
        return first_instant(self.zone, day)

    def day_of(self, time: int) -> date:
        """The last date that has begun."""
        day = date_in(self.zone, time) - 2 * ONE_DAY
        while self.start_of(day + ONE_DAY) <= time:
            day += ONE_DAY
        return day

    def window(self, kind: Any, time: int) -> Window:
        """The window of this kind that holds the time; a window of two dates is itself."""
        if kind == "all":
            return ALL
        if not isinstance(kind, str):
            first, until = (date.fromisoformat(text) for text in kind.name.split("/"))
            return Window(kind.name, self.start_of(first), self.start_of(until))
        return self.beginning(kind, self.first_day(kind, self.day_of(time)))

    def beginning(self, kind: str, first: date) -> Window:
        return Window(self.name(kind, first), self.start_of(first), self.start_of(day_after(kind, first)))

    def first_day(self, kind: str, day: date) -> date:
        if kind == "week":
            return week_start(day, self.first_weekday)
        month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}
        return day if kind == "day" else date(day.year, month[kind], 1)

    def name(self, kind: str, first: date) -> str:
        if kind == "week" and self.first_weekday == 0:
            return f"{first.isocalendar().year}-W{first.isocalendar().week:02}"
        return {
            "day": f"{first}",
            "week": f"{first}w",
            "month": f"{first:%Y-%m}",
            "quarter": f"{first.year}-Q{(first.month + 2) // 3}",
            "year": f"{first.year}",
        }[kind]

    def find(self, kind: Any, name: str) -> Window | None:
        """The window of this kind with this name; None if it is a name of another kind."""
        try:
            found = self.named(kind, name)
        except (ValueError, IndexError):
            return None
        return found if found.name == name else None

    def named(self, kind: Any, name: str) -> Window:
        """The window of this kind with this name."""
        if kind == "all" or not isinstance(kind, str):
            return self.window(kind, 0)
        if kind == "week":
            first = date.fromisoformat(name[:-1]) if name[-1] == "w" else date.fromisocalendar(*_year_and_week(name), 1)
        elif kind == "quarter":
            first = date(int(name[:4]), int(name[-1]) * 3 - 2, 1)
        else:
            first = date.fromisoformat(name + "-01-01"[: 10 - len(name)] if kind != "month" else name + "-01")
        return self.beginning(kind, first)

    def previous(self, kind: Any, window: Window) -> Window | None:
        """None for `all` and windows of two dates."""
        return None if kind == "all" or not isinstance(kind, str) else self.window(kind, window.start - 1)

    def from_on(self, kind: Any, time: int) -> Iterator[Window]:
        """The windows of this kind that end after a time, in their order, for ever."""
        window = self.window(kind, time)
        while window.end > time:
            yield window
            if kind == "all" or not isinstance(kind, str):
                return
            window = self.window(kind, window.end)


def _year_and_week(name: str) -> tuple[int, int]:
    return int(name[:4]), int(name[6:])


def week_start(day: date, first_weekday: int) -> date:
    return day - ((day.weekday() - first_weekday) % 7) * ONE_DAY


def day_after(kind: str, first: date) -> date:
    """The date after the last of a window that begins with this one."""
    if kind in ("day", "week"):
        return first + {"day": 1, "week": 7}[kind] * ONE_DAY
    months = first.year * 12 + first.month - 1 + {"month": 1, "quarter": 3, "year": 12}[kind]
    return date(months // 12, months % 12 + 1, 1)
