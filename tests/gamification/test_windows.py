"""Windows: names, bounds and neighbours, on calendars with and without midnight."""

from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from hub.gamification import windows
from hub.gamification.windows import ALL, HOUR, KINDS, Calendar, Span

BERLIN = Calendar("Europe/Berlin")


def at(text: str) -> int:
    found = Calendar("UTC").instant(text)
    assert found is not None
    return found


def told(instant: int) -> str:
    return datetime.fromtimestamp(instant // 10**6, UTC).isoformat()


@pytest.mark.parametrize(
    ("kind", "name", "start", "end"),
    [
        ("day", "2026-11-22", "2026-11-21T23:00:00+00:00", "2026-11-22T23:00:00+00:00"),
        ("week", "2026-W47", "2026-11-15T23:00:00+00:00", "2026-11-22T23:00:00+00:00"),
        ("month", "2026-11", "2026-10-31T23:00:00+00:00", "2026-11-30T23:00:00+00:00"),
        ("quarter", "2026-Q4", "2026-09-30T22:00:00+00:00", "2026-12-31T23:00:00+00:00"),
        ("year", "2026", "2025-12-31T23:00:00+00:00", "2026-12-31T23:00:00+00:00"),
    ],
)
def test_a_window_has_its_name_and_bounds_on_the_program_calendar(kind: str, name: str, start: str, end: str) -> None:
    window = BERLIN.window(kind, at("2026-11-22T09:30:00+01:00"))
    assert (window.name, told(window.start), told(window.end)) == (name, start, end)
    assert BERLIN.named(name) == window
    assert BERLIN.kind_of(name) == kind


def test_all_holds_every_instant() -> None:
    assert BERLIN.window("all", 0) == ALL == BERLIN.named("all")
    assert (ALL.start, ALL.end) == (-(2**62), 2**62)
    assert BERLIN.previous("all", ALL) is None
    assert BERLIN.next("all", ALL) is None


def test_a_span_is_named_by_its_two_dates() -> None:
    kind = BERLIN.kind_of("2026-10-01/2027-01-01")
    assert isinstance(kind, Span)
    assert told(kind.start) == "2026-09-30T22:00:00+00:00"
    assert told(kind.end) == "2026-12-31T23:00:00+00:00"
    assert BERLIN.window(kind, 0) == BERLIN.named(kind.name) == (kind.name, kind.start, kind.end)
    assert BERLIN.previous(kind, BERLIN.window(kind, 0)) is None


def test_weeks_that_begin_on_another_day_than_monday_are_named_by_their_first_day() -> None:
    calendar = Calendar("UTC", "sunday")
    window = calendar.window("week", at("2026-11-24"))
    assert window.name == "2026-11-22w"
    assert calendar.named("2026-11-22w") == window
    assert calendar.named("2026-11-23w") is None
    assert calendar.named("2026-W47") is None
    assert BERLIN.named("2026-11-16w") is None


def test_the_first_week_of_the_year_may_begin_in_december() -> None:
    assert BERLIN.window("week", at("2024-12-30T12:00:00Z")).name == "2025-W01"
    assert BERLIN.named("2026-W53") is not None
    assert BERLIN.named("2025-W53") is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "2026-13",
        "2026-Q5",
        "2026-02-30",
        "26",
        "2026-1",
        "ALL",
        "2026-W00",
        "2026-W60",
        "1899",
        "9999",
        "0000-01-01",
        "2027-01-01/2026-01-01",
        "2026-01-01/2026-01-01",
        "2026-01-01/x",
        "2026\n",
        "２０２６",
        "2026-11-22 ",
        "9999-W01",
    ],
)
def test_what_names_no_window_is_no_window(name: str) -> None:
    assert BERLIN.named(name) is None
    assert BERLIN.kind_of(name) is None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "all"])
def test_neighbours_touch(kind: str) -> None:
    window = BERLIN.window(kind, at("2026-03-29"))
    before, after = BERLIN.previous(kind, window), BERLIN.next(kind, window)
    assert before is not None
    assert after is not None
    assert before.end == window.start
    assert after.start == window.end
    assert BERLIN.next(kind, before) == window == BERLIN.previous(kind, after)


def test_a_day_on_which_clocks_change_has_its_own_length() -> None:
    spring, autumn = BERLIN.named("2026-03-29"), BERLIN.named("2026-10-25")
    assert spring is not None
    assert autumn is not None
    assert (spring.end - spring.start, autumn.end - autumn.start) == (23 * HOUR, 25 * HOUR)


def test_a_day_without_midnight_begins_at_its_first_instant() -> None:
    santiago = Calendar("America/Santiago")
    day = santiago.named("2026-09-06")
    assert day is not None
    assert told(day.start) == "2026-09-06T04:00:00+00:00"  # 01:00 there
    assert santiago.window("day", day.start) == day
    assert santiago.window("day", day.start - 1).name == "2026-09-05"


def test_a_day_that_the_zone_skipped_is_no_window() -> None:
    apia = Calendar("Pacific/Apia")
    assert apia.named("2011-12-30") is None
    before = apia.named("2011-12-29")
    assert before is not None
    after = apia.next("day", before)
    assert after is not None
    assert after.name == "2011-12-31"
    assert apia.previous("day", after) == before


def test_a_date_shown_twice_is_one_window() -> None:
    """In St. John's, until 2011, clocks went back from 00:01 to 23:01 of the day before."""
    calendar = Calendar("America/St_Johns")
    first, second = at("2010-11-07T02:30:00Z"), at("2010-11-07T02:45:00Z")
    assert windows.local_date("America/St_Johns", first) == windows.local_date("America/St_Johns", second) + 1
    assert calendar.window("day", first) == calendar.window("day", second)
    assert calendar.window("day", first).name == "2010-11-07"


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        "America/St_Johns",
        "Pacific/Apia",
        "America/Santiago",
        "Asia/Kathmandu",
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "Pacific/Kiritimati",
        "America/Havana",
        "Atlantic/Azores",
        "Asia/Pyongyang",
        "Asia/Gaza",
    ],
)
def test_the_local_date_is_the_one_that_clocks_show(zone: str) -> None:
    random, there, calendar = Random(zone), ZoneInfo(zone), Calendar(zone)
    for _ in range(500):
        second = random.randrange(946_684_800, 2_000_000_000)
        shown = datetime.fromtimestamp(second, there)
        assert windows.local_date(zone, second * 10**6) == shown.toordinal()
        day = calendar.window("day", second * 10**6)
        assert day.start <= second * 10**6 < day.end
        assert calendar.named(day.name) == day


def test_the_date_as_written_goes_by_its_own_offset() -> None:
    time = at("2026-11-22T23:30:00Z")
    assert windows.written_date(time, 0) == windows.ordinal("2026-11-22")
    assert windows.written_date(time, 60) == windows.ordinal("2026-11-23")
    assert windows.written_date(time, -1439) == windows.ordinal("2026-11-21")


@pytest.mark.parametrize(("text", "length"), [("90s", 90), ("15m", 900), ("36h", 129_600), ("7d", 604_800), ("0h", 0)])
def test_a_duration_is_a_number_and_a_unit(text: str, length: int) -> None:
    assert windows.duration(text) == length * 10**6


@pytest.mark.parametrize("text", ["", "7", "d", "1w", "1.5h", "-1d", "7 d", "99999d", "7d\n", "1d2h", "٣d"])
def test_any_other_text_is_no_duration(text: str) -> None:
    assert windows.duration(text) is None


def test_a_bare_date_is_its_first_instant_and_a_time_needs_an_offset() -> None:
    assert BERLIN.instant("2026-10-01") == at("2026-09-30T22:00:00Z")
    assert BERLIN.instant("2026-10-01T00:00:00+02:00") == at("2026-09-30T22:00:00Z")
    for text in (
        "2026-10-01T00:00:00",
        "2026-10",
        "20261001",
        "2026-02-30",
        "2026-01-01T25:00:00Z",
        "now",
        "3000-01-01",
    ):
        assert BERLIN.instant(text) is None
