"""Times without an offset are read in a time zone, once and without guessing."""

from zoneinfo import ZoneInfo

import pytest

from hub.directory.dates import MIDNIGHT, NOON, with_offset

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T09:30:00", "2026-11-20T09:30:00+01:00"),
        ("2026-07-20 09:30", "2026-07-20T09:30:00+02:00"),
        ("2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00"),  # comes twice: the first
        ("2026-11-20", "2026-11-20T12:00:00+01:00"),
        ("2026-11-20T09:30:00Z", "2026-11-20T09:30:00Z"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_local_time_gets_the_offset_of_its_zone(text: str, expected: str):
    assert with_offset(text, BERLIN, NOON) == expected


def test_a_local_time_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="does not exist in Europe/Berlin"):
        with_offset("2026-03-29T02:30:00", BERLIN, NOON)


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20T09:30:00"])
def test_without_a_zone_it_is_refused(text: str):
    with pytest.raises(ValueError, match="give --time-zone"):
        with_offset(text, None, NOON)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-02-30T10:00:00", "2026-11-20T25:00"])
def test_a_day_or_hour_that_is_none_is_refused(text: str):
    with pytest.raises(ValueError, match=r"out of range|must be in"):
        with_offset(text, BERLIN, NOON)


def test_a_day_that_begins_after_midnight_begins_there():
    assert with_offset("2018-11-04", ZoneInfo("America/Sao_Paulo"), MIDNIGHT) == "2018-11-04T00:00:00-03:00"
