"""The demo: made through everybody's doors, the same each time, sound, and with something at stake on every page."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from hub import clock
from hub.clock import DAY, instant
from hub.db import reader
from hub.demo import build, people, rhythm, scene, story
from hub.demo.build import Scale
from hub.demo.story import Happening
from hub.directory import lookup
from hub.gamification import program
from hub.ledger import digest, programs, reading, verify
from hub.ledger.tables import awards, entries

NOW = instant("2026-11-24T12:00:00+00:00")
SMALL = Scale(members=44, days=35)
#: A weekend, the first morning of a year, the last evening of a quarter, a summer's day.
DAYS = ("2026-11-22T12:00:00Z", "2027-01-01T08:00:00Z", "2026-09-30T21:00:00Z", "2026-08-05T15:00:00Z")

Hub = Callable[..., tuple[int, str, str]]


def told(until: int = NOW, scale: Scale = SMALL, began: int = NOW) -> list[Happening]:
    return story.tell(people.everybody(scale.days, scale.members), began, scale.days, until)


@pytest.fixture
def made(app: Flask) -> Flask:
    """A small demo, made at NOW."""
    clock.set_source("2026-11-24T12:00:00Z")
    build.build(scale=SMALL)
    return app


# The program and the people


def test_the_program_has_no_fault_and_no_warning() -> None:
    read = program.read(build.PROGRAM.read_bytes(), now=NOW, sent=set(story.SOURCES))
    assert (read.faults, read.warnings) == ((), ())
    assert read.program
    assert set(program.BUILT_IN_ROLES) == set(read.program.homepages)


def test_every_text_of_the_program_is_in_english_and_german() -> None:
    read = program.read(build.PROGRAM.read_bytes(), now=NOW).program
    assert read
    named = (read.rules, read.badges, read.streaks, read.goals, read.leaderboards, read.metrics)
    titles = {key: entry.title for section in named for key, entry in section.items() if key not in build_in_metrics()}
    assert {key for key, title in titles.items() if set(title) != {"en", "de"}} == set()


def build_in_metrics() -> set[str]:
    return {"points_earned", "points_received", "recognitions_given", "recognitions_received"}


def test_there_are_24_organizations_and_180_people_of_all_roles() -> None:
    everybody = people.everybody(build.DAYS)
    assert (len(people.FIRMS), len(everybody)) == (24, 180)
    assert len({one.id for one in everybody}) == 180
    assert {one.role for one in everybody if one.cast} == set(program.BUILT_IN_ROLES)
    assert len({one.zone for one in everybody}) > 15
    assert len({one.name for one in everybody}) > 175


# The story


def test_the_same_day_tells_the_same_story() -> None:
    assert told() == told()


def test_a_story_told_later_goes_on_from_the_same_one() -> None:
    later = told(NOW + 3 * DAY)
    assert [one for one in later if one.time <= NOW] == told()
    assert len(later) > len(told())


def test_nothing_lies_ahead_and_nobody_works_on_weekends() -> None:
    assert max(one.time for one in told()) <= NOW
    zones = {one.id: ZoneInfo(one.zone) for one in people.everybody(SMALL.days, SMALL.members)}
    days = {clock.moment(one.time).astimezone(zones[one.who]).weekday() for one in told() if one.who in zones}
    assert days == set(range(5))


def test_ids_are_unique_within_their_source() -> None:
    keys = Counter((story.SOURCES[one.kind], one.id) for one in told(scale=Scale()))
    assert 25_000 < len(keys) <= 36_500
    assert max(keys.values()) == 1


def test_the_gone_are_gone_and_starters_have_just_begun() -> None:
    everybody = {one.id: one for one in people.everybody(build.DAYS)}
    seen: dict[str, list[int]] = {}
    for one in told(scale=Scale()):
        seen.setdefault(one.who, []).append(one.time)
    for id_ in people.left(list(everybody.values())):
        assert max(seen.get(id_, [0])) < NOW - 100 * DAY
    starters = [one for one in everybody.values() if one.first < 60]
    assert len(starters) > 5
    assert all(min(seen[one.id]) > NOW - 60 * DAY for one in starters if one.id in seen)


def test_more_is_won_at_the_end_of_a_quarter() -> None:
    won = [clock.moment(one.time).date() for one in told(scale=Scale()) if one.kind == story.WON]
    end = [day for day in won if (rhythm.end_of_quarter(day) - day).days < 10]
    start = [day for day in won if (day - date(day.year, 3 * rhythm.quarter(day) - 2, 1)).days < 10]
    assert len(end) > 1.5 * len(start)


@pytest.mark.parametrize(("day", "last"), [("2026-11-24", "2026-12-31"), ("2026-02-01", "2026-03-31")])
def test_the_end_of_a_quarter(day: str, last: str) -> None:
    assert rhythm.end_of_quarter(date.fromisoformat(day)) == date.fromisoformat(last)


@pytest.mark.parametrize("now", [NOW, *map(instant, DAYS)])
def test_the_scene_has_something_at_stake_whatever_the_day(now: int) -> None:
    read = program.read(build.PROGRAM.read_bytes(), now=now).program
    assert read
    everybody = people.everybody(build.DAYS)
    set_ = scene.set_(story.tell(everybody, now, build.DAYS, now), everybody, read.calendar, now)
    mine = [one for one in set_.told if one.who == scene.BO]
    assert sum(one.kind == story.WON for one in mine) == scene.DEALS
    assert len({one.data["asset"] for one in mine if one.kind == story.DOWNLOAD}) == scene.ASSETS
    visited = {one.id for one in mine if one.kind == story.HUB_VISITED}
    today = clock.moment(now).astimezone(ZoneInfo("Europe/Berlin")).date()
    before = next(day for back in range(1, 9) if (day := today - timedelta(days=back)).weekday() < 5)
    assert f"visit/bo/{before}" in visited
    assert f"visit/bo/{today}" not in visited
    assert len({(story.SOURCES[one.kind], one.id) for one in set_.told}) == len(set_.told)


# What is made of it


def test_a_small_demo_is_digested_and_sound(made: Flask) -> None:
    assert made
    assert build.is_built()
    assert not digest.pending()
    with reader() as connection:
        assert (connection.scalar(select(func.count()).select_from(awards)) or 0) > 20
    assert list(verify.breaches()) == []


def test_bo_is_about_to_reach_the_goal_and_to_lose_the_run(made: Flask) -> None:
    assert made
    with reader() as connection:
        version = programs.newest(connection)
        known = lookup.member(connection, scene.BO)
        assert version
        assert known
        goals = {one.goal: one for one in reading.goals(connection, version, known.no, NOW)}
        streaks = {one.streak: one for one in reading.streaks(connection, version, known.no, NOW)}
        board = reading.board(connection, version, "top_sellers", known.no, NOW)
    revenue = goals["quarter_revenue"]
    assert revenue.actual is not None
    assert 0.7 < revenue.actual / revenue.target < 0.9
    assert (streaks["daily_visit"].current, streaks["daily_visit"].at_risk) == (scene.RUN_DAYS, True)
    assert streaks["weekly_learning"].at_risk
    assert board
    assert board.mine
    assert board.mine.rank in {2, 3}
    assert board.mine.score > board.items[0].score * 0.9


def test_a_second_start_changes_nothing_and_one_days_later_adds_them(made: Flask) -> None:
    assert made
    before = count()
    assert build.build(scale=SMALL) == 0
    assert count() == before
    clock.set_source("2026-11-27T12:00:00Z")
    added = build.build(scale=SMALL)
    assert added > 20
    assert count() == before + added
    assert list(verify.breaches()) == []


def test_a_demo_that_was_broken_off_is_finished(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    assert app
    clock.set_source("2026-11-24T12:00:00Z")

    def broken_off(_what: str, done: int, total: int) -> None:
        if done >= total / 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(build, "_SLICE", 100)
    with pytest.raises(KeyboardInterrupt):
        build.build(broken_off, SMALL)
    partial = count()
    clock.set_source("2026-11-24T12:30:00Z")
    build.build(scale=SMALL)
    assert count() > 2 * partial
    assert list(verify.breaches()) == []


def count() -> int:
    with reader() as connection:
        return connection.scalar(select(func.count()).select_from(entries)) or 0


# The command


def test_the_command_makes_it_once(hub: Hub) -> None:
    small = ("demo", "--no-serve", "--members", "10", "--days", "30")
    status, out, err = hub(*small)
    assert (status, err) == (0, "")
    assert "The demo is made" in out
    assert hub(*small) == (0, "", "")
    assert hub("verify")[0] == 0


def test_a_database_of_others_is_refused_in_one_line(hub: Hub, cast: dict[str, int]) -> None:
    assert cast
    refusal = "Error: DATABASE_URL: this database holds something else; the demo wants an empty one\n"
    assert hub("demo", "--no-serve") == (1, "", refusal)


def test_tables_of_others_are_refused_and_stay_as_they_are(empty_database_url: str, hub: Hub, monkeypatch) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    from sqlalchemy import create_engine

    engine = create_engine(empty_database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id integer)"))
    status, _, err = hub("demo", "--no-serve")
    assert (status, err.count("\n")) == (1, 1)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM theirs")).scalar_one() == 0
    engine.dispose()


def test_it_is_never_made_in_production(hub: Hub, monkeypatch) -> None:
    monkeypatch.setenv("HUB_ENV", "production")
    status, _, err = hub("demo", "--no-serve")
    assert status == 1
    assert err.startswith("Error: HUB_ENV: ")


def test_a_database_that_is_not_its_own_is_never_emptied(hub: Hub) -> None:
    status, _, err = hub("demo", "--no-serve", "--fresh")
    assert status == 1
    assert "--fresh" in err
