"""Windows: days, weeks, months, quarters and years on the program's calendar, named and bounded.

Bounds are instants in microseconds; a window holds `start <= time < end`. A day begins at the first instant of its
date, which need not be midnight, and lasts until the first instant of the next: one counts in dates, never in seconds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo, available_timezones

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

#: Bounds of the window `all`: earlier and later than any instant.
FIRST, LAST = -(2**62), 2**62

#: Dates that a program or a name of a window may use.
FIRST_YEAR, LAST_YEAR = 1900, 2999

KINDS = ("day", "week", "month", "quarter", "year", "all")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MAX_KNOWN = 4096
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_MAX_DURATION = 3660 * DAY
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
DURATION = re.compile(r"(\d{1,9})([smhd])", re.ASCII)
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_NAME = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)|(?P<week>\d{4}-W\d\d|\d{4}-\d\d-\d\dw)|(?P<month>\d{4}-\d\d)|(?P<quarter>\d{4}-Q[1-4])"
    r"|(?P<year>\d{4})|(?P<all>all)|(?P<span>\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Span:
    """A window written as two dates: `from` counts, `until` does not."""

    name: str  # 2026-10-01/2027-01-01
    start: int
    end: int


#: day, week, month, quarter, year, all, or a span
WindowKind = str | Span


class Window(NamedTuple):
    name: str
    start: int
    end: int


ALL = Window("all", FIRST, LAST)


class Calendar:
    """The program's calendar: a zone, and the weekday on which weeks begin."""

    def __init__(self, time_zone: str, week_starts: str = "monday") -> None:
        self.time_zone = time_zone
        self.week_starts = week_starts
        self._first_weekday = WEEKDAYS.index(week_starts)
        self._last = {"all": ALL}
        self._known: dict[str, tuple[list[int], list[Window]]] = {}

    def window(self, kind: WindowKind, time: int) -> Window:
        """The window of this kind that holds `time`. A span is always itself, whether or not it holds `time`."""
        if isinstance(kind, Span):
            return Window(kind.name, kind.start, kind.end)
        last = self._last.get(kind)
        if last is not None and last[1] <= time < last[2]:
            return last
        return self._look_up(kind, time)

    def named(self, name: str) -> Window | None:
        """The window of this name; None where the calendar has none, as for a date that the zone skipped."""
        kind = self.kind_of(name)
        if kind is None or kind == "all":
            return ALL if kind else None
        if isinstance(kind, Span):
            return Window(kind.name, kind.start, kind.end)
        first = self._first_day_of(kind, name)
        window = self._bounded(kind, first) if first is not None else None
        return window if window and window.start < window.end else None

    def kind_of(self, name: str) -> WindowKind | None:
        """What kind of window has this name; of `a/b` the span itself; None for what names none on this calendar."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        kind = match.lastgroup or ""
        if kind == "all":
            return kind
        if kind == "span":
            return self.span(*name.split("/"))
        return kind if self._first_day_of(kind, name) is not None else None

    def span(self, first: str, until: str) -> Span | None:
        """The window from one ISO date until another (which does not count); None if they are no dates in order."""
        start, end = ordinal(first), ordinal(until)
        if start is None or end is None or start >= end:
            return None
        return Span(f"{first}/{until}", self.start_of(start), self.start_of(end))

    def previous(self, kind: WindowKind, window: Window) -> Window | None:
        """The window before this one; None for `all` and spans."""
        return None if kind == "all" or isinstance(kind, Span) else self.window(kind, window.start - 1)

    def next(self, kind: WindowKind, window: Window) -> Window | None:
        """The window after this one; None for `all` and spans."""
        return None if kind == "all" or isinstance(kind, Span) else self.window(kind, window.end)

    def day(self, time: int) -> int:
        """The ordinal of the date that clocks of the program's zone show at `time`."""
        return local_date(self.time_zone, time)

    def start_of(self, day: int) -> int:
        """The first instant of a date, given as an ordinal."""
        return first_instant(self.time_zone, day)

    def instant(self, text: str) -> int | None:
        """The instant that a date (its first one) or an RFC 3339 time with offset means; None for any other text."""
        day = ordinal(text)
        return self.start_of(day) if day is not None else _instant(text)

    def _look_up(self, kind: str, time: int) -> Window:
        starts, windows = self._known.setdefault(kind, ([], []))
        at = bisect_right(starts, time) - 1
        if at >= 0 and time < windows[at].end:
            window = windows[at]
        else:
            window = self._find(kind, time)
            _keep(starts, windows, window.start, window)
        self._last[kind] = window
        return window

    def _find(self, kind: str, time: int) -> Window:
        day = local_date(self.time_zone, time)
        # Where clocks go back over midnight a date is shown twice; the window goes by its first instant.
        if time >= self.start_of(day + 1):
            day += 1
        return self._bounded(kind, self._first_day(kind, day))

    def _bounded(self, kind: str, first: int) -> Window:
        return Window(self._name(kind, first), self.start_of(first), self.start_of(_day_after(kind, first)))

    def _first_day(self, kind: str, day: int) -> int:
        """The ordinal of the first date of the window that holds the date `day`."""
        if kind == "day":
            return day
        if kind == "week":
            return week_of(day, self._first_weekday)
        of = date.fromordinal(day)
        month = {"month": of.month, "quarter": (of.month - 1) // 3 * 3 + 1, "year": 1}[kind]
        return date(of.year, month, 1).toordinal()

    def _name(self, kind: str, first: int) -> str:
        of = date.fromordinal(first)
        if kind == "day":
            return of.isoformat()
        if kind == "week":
            year, week, _ = of.isocalendar()
            return f"{of.isoformat()}w" if self._first_weekday else f"{year:04}-W{week:02}"
        return {"month": f"{of:%Y-%m}", "quarter": f"{of.year:04}-Q{of.month // 3 + 1}", "year": f"{of.year:04}"}[kind]

    def _first_day_of(self, kind: str, name: str) -> int | None:
        """The ordinal of the first date of the window with this name; None where there is no such window."""
        if kind == "day":
            return ordinal(name)
        if kind == "week":
            return self._first_day_of_week(name)
        if kind == "month":
            return ordinal(f"{name}-01")
        if kind == "quarter":
            return ordinal(f"{name[:4]}-{int(name[6]) * 3 - 2:02}-01")
        return ordinal(f"{name}-01-01")

    def _first_day_of_week(self, name: str) -> int | None:
        if name.endswith("w"):
            day = ordinal(name[:-1])
            return day if day is not None and self._first_weekday and self._first_day("week", day) == day else None
        if self._first_weekday or not FIRST_YEAR <= int(name[:4]) <= LAST_YEAR:
            return None
        try:
            return date.fromisocalendar(int(name[:4]), int(name[6:]), 1).toordinal()
        except ValueError:
            return None


def _keep(starts: list[int], values: list[T], start: int, value: T) -> None:
    """Adds to two lists that go together, ascending by start, and never lets them grow too long."""
    if len(starts) >= _MAX_KNOWN:
        starts.clear()
        values.clear()
    at = bisect_right(starts, start)
    starts.insert(at, start)
    values.insert(at, value)


def _day_after(kind: str, first: int) -> int:
    """The ordinal of the date after the last of the window that begins with the date `first`."""
    if kind in ("day", "week"):
        return first + (1 if kind == "day" else 7)
    of = date.fromordinal(first)
    months = of.year * 12 + of.month - 1 + {"month": 1, "quarter": 3, "year": 12}[kind]
    return date(months // 12, months % 12 + 1, 1).toordinal()


def week_of(day: int, first_weekday: int = 0) -> int:
    """The ordinal of the first date of the week of the date `day`; weeks begin on `first_weekday`, Monday is 0."""
    return day - (day - 1 - first_weekday) % 7


# Dates. A date is its ordinal (`date.toordinal`), so that the next day is one more.


def ordinal(text: str) -> int | None:
    """The ordinal of a date written YYYY-MM-DD, within the years a program may name; None for any other text."""
    if not DATE.fullmatch(text) or not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        return None
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        return None


def local_date(time_zone: str, time: int) -> int:
    """The ordinal of the date that clocks in the zone show at `time`."""
    return _days(time_zone).date_at(time)


def written_date(time: int, offset: int) -> int:
    """The ordinal of the date in a time as it was written, `offset` in minutes east of UTC."""
    return (time + offset * MINUTE) // DAY + _EPOCH_ORDINAL


@lru_cache(maxsize=65536)
def first_instant(time_zone: str, day: int) -> int:
    """The first instant of a date (an ordinal) in a zone. A date that the zone skipped begins with the one after it."""
    earlier, later = _midnights(time_zone, day)
    if earlier == later or _days(time_zone).shown(earlier) == day:
        return earlier
    # Midnight lies in a gap, which ends between the two; gaps end on whole seconds.
    low, high = earlier // SECOND, later // SECOND
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _days(time_zone).shown(middle * SECOND) >= day else (middle + 1, high)
    return low * SECOND


def _midnights(time_zone: str, day: int) -> tuple[int, int]:
    """The two readings of 00:00 on a date, by the offsets before and after a change of clocks; else twice the same."""
    midnight = datetime.fromordinal(day).replace(tzinfo=_zone(time_zone))
    readings = (_microseconds(midnight), _microseconds(midnight.replace(fold=1)))
    return (min(readings), max(readings))


class _Days:
    """The dates of one zone: the last one asked for is found again at once."""

    def __init__(self, time_zone: str) -> None:
        self._name = time_zone
        self._zone = _zone(time_zone)
        self._start, self._end, self._day = 0, 0, 0
        self._starts: list[int] = []
        self._known: list[tuple[int, int, int]] = []

    def date_at(self, time: int) -> int:
        if self._start <= time < self._end:
            return self._day
        at = bisect_right(self._starts, time) - 1
        if at >= 0 and time < self._known[at][1]:
            self._start, self._end, self._day = self._known[at]
        else:
            self._start, self._end, self._day = found = self._stretch(time)
            if found[1] - found[0] > 1:
                _keep(self._starts, self._known, found[0], found)
        return self._day

    def shown(self, time: int) -> int:
        return (_EPOCH + timedelta(microseconds=time)).astimezone(self._zone).toordinal()

    def _stretch(self, time: int) -> tuple[int, int, int]:
        """A stretch around `time` in which clocks show one date: all of it, but where clocks go back over midnight."""
        day = self.shown(time)
        start, end = _midnights(self._name, day)[1], _midnights(self._name, day + 1)[0]
        if self.shown(end - 1) != day or self.shown(start) != day or not start <= time < end:
            return (time, time + 1, day)
        return (start, end, day)


@cache
def _days(time_zone: str) -> _Days:
    return _Days(time_zone)


@cache
def _zone(time_zone: str) -> ZoneInfo:
    return ZoneInfo(time_zone)


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA time zones."""
    return frozenset(available_timezones())


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


def _instant(text: str) -> int | None:
    if not INSTANT.fullmatch(text) or not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        return None
    try:
        return _microseconds(datetime.fromisoformat(text.upper()))
    except ValueError:
        return None


def duration(text: str) -> int | None:
    """The microseconds of `90s`, `15m`, `36h`, `7d` (a day is 24 h), up to ten years; None for any other text."""
    match = DURATION.fullmatch(text)
    if match is None:
        return None
    length = int(match[1]) * _UNITS[match[2]]
    return length if length <= _MAX_DURATION else None
