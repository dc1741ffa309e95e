"""Public holidays are resolved to dates when a program is published; those stay."""

from datetime import date
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from hub.db import reader, transaction
from hub.gamification import public_holidays
from hub.gamification.public_holidays import Known
from hub.ledger import programs, reading
from hub.ledger.standings import Version
from hub.ledger.tables import versions
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events: {deal.won: {}}
streaks: {daily: {event: deal.won, every: business_day, holidays: DE-BY}}
"""


def restarted() -> Version:
    """The newest version, read anew as another process does."""
    programs._plans.clear()
    with reader() as connection:
        version = programs.newest(connection)
        assert version
        return version


def holidays(version: Version) -> set[date]:
    return {date.fromordinal(day) for day in version.program.streaks["daily"].holidays}


@pytest.mark.usefixtures("app")
def test_they_are_stored_with_the_version():
    version = publish(PROGRAM)
    with reader() as connection:
        stored = connection.scalar(select(versions.c.holidays)) or ""
    assert stored.startswith('{"DE-BY":["2000-01-01","2000-01-06"')
    assert holidays(version) == holidays(restarted()) > {date(2026, 1, 6), date(2026, 11, 1), date(2099, 12, 25)}


@pytest.mark.usefixtures("app")
def test_a_later_version_of_the_package_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    before = publish(PROGRAM)
    monkeypatch.setattr(public_holidays, "of", lambda _: Known(frozenset({date(2026, 11, 18).toordinal()}), 2099))
    assert holidays(restarted()) == holidays(before)
    assert holidays(publish(PROGRAM)) == {date(2026, 11, 18)}, "but the next publication asks it again"


@pytest.mark.usefixtures("app")
def test_a_version_without_holidays_keeps_none():
    publish(PROGRAM.replace(", holidays: DE-BY", ""))
    assert holidays(restarted()) == set()
    # One that was published before there were any has none either.
    with transaction() as connection:
        connection.execute(versions.update().values(holidays=None))
    assert holidays(restarted()) == set()


def test_an_unknown_code_is_a_fault_with_a_suggestion(app: Any):
    assert app
    for code, meant in (("de-by", "DE-BY"), ("DE-BAY", "DE-BY"), ("DEU", "DE"), ("FR-BW", "FR-WF")):
        with transaction() as connection:
            found = programs.publish_text(connection, PROGRAM.replace("DE-BY", code), 0)
        assert isinstance(found, list)
        told = f'streaks.daily.holidays: no public holidays "{code}"; did you mean "{meant}"?'
        assert [str(fault) for fault in found] == [told]


def test_a_run_goes_on_over_a_holiday(app: Any, cast: dict[str, int]):
    assert app
    publish(PROGRAM)
    club = Club(cast, count(1))
    # Between them is Epiphany.
    club.happens("bo", "deal.won", "2026-01-05T10:00:00+01:00")
    club.happens("bo", "deal.won", "2026-01-07T10:00:00+01:00")
    with club.looks("bo") as view:
        [standing] = reading.streaks(view.connection, view.version, view.member.no, view.now)
    assert standing.longest == 2
