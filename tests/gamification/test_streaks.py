"""Streaks: runs on the member's own calendar, whatever clocks and zones do."""

from datetime import UTC, date, datetime

import pytest

from hub.gamification.windows import first_instant
from tests.gamification.play import Run, play

HEAD = "program: {name: Club, time_zone: Europe/Berlin}\n"


def streak(fields: str = "every: day") -> str:
    return HEAD + f"streaks: {{s: {{event: hub.visited, {fields}}}}}"


def zone(name: str) -> dict[str, dict[str, dict[str, str]]]:
    return {"bo": {"": {"time_zone": name}}}


DAYS = "mon bo visits; tue bo visits; wed bo visits"


def test_consecutive_days_make_a_run_which_is_alive_until_a_whole_day_was_missed() -> None:
    told = play(streak(), DAYS)
    assert told.streak("bo", "s", "wed 13:00") == Run(3, 3, False, "2026-11-19 23:00")
    assert told.streak("bo", "s", "thu 22:59") == Run(3, 3, True, "2026-11-19 23:00")
    assert told.streak("bo", "s", "thu 23:00") == Run(0, 3, False, None)


def test_without_any_event_there_is_no_run() -> None:
    assert play(streak(), "mon bo wins").streak("bo", "s", "tue") == Run(0, 0, False, None)


def test_a_missed_day_ends_the_run_and_the_longest_is_remembered() -> None:
    told = play(streak(), DAYS + "; fri bo visits")
    assert told.streak("bo", "s", "fri 13:00") == Run(1, 3, False, "2026-11-21 23:00")


def test_many_events_of_a_day_are_one_day_and_a_period_may_need_several() -> None:
    assert play(streak(), "mon bo visits; mon bo visits; tue bo visits").streak("bo", "s", "tue 13:00").current == 2
    told = play(
        streak("every: day, at_least: 2"), "mon bo visits; mon bo visits; tue bo visits; wed bo visits; wed bo visits"
    )
    assert told.streak("bo", "s", "wed 13:00") == Run(1, 1, False, "2026-11-19 23:00")
    assert play(streak("every: day, at_least: 2"), "mon bo visits; mon bo visits; tue bo visits").streak(
        "bo", "s", "tue 13:00"
    ) == Run(1, 1, True, "2026-11-17 23:00")


def test_only_fitting_events_count() -> None:
    text = HEAD + "streaks: {s: {event: [deal.won, deal.lost], every: day, where: {amount: {at_least: 5}}}}"
    told = play(text, "mon bo wins amount=5; tue bo loses amount=6; wed bo wins amount=4; wed bo visits")
    assert told.streak("bo", "s", "wed 13:00") == Run(2, 2, True, "2026-11-18 23:00")


def test_a_late_event_joins_two_runs() -> None:
    told = play(streak(), "mon bo visits; wed bo visits; thu bo visits; tue bo visits")
    assert told.streak("bo", "s", "thu 13:00").current == 4


def test_a_very_late_event_too() -> None:
    story = "; ".join(
        f"{day}{week} bo visits" for week in ("", "+1") for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    )
    told = play(streak(), story.replace("thu bo visits; ", "") + "; thu bo visits")
    assert told.streak("bo", "s", "sun+1 13:00") == Run(14, 14, False, "2026-11-30 23:00")


# Business days, weeks, months.


def test_a_weekend_neither_breaks_nor_counts() -> None:
    story = "thu bo visits; fri bo visits; sat bo visits"
    told = play(streak("every: business_day"), story)
    assert told.streak("bo", "s", "fri 13:00") == Run(2, 2, False, "2026-11-23 23:00")
    assert told.streak("bo", "s", "sat 13:00") == Run(2, 2, False, "2026-11-23 23:00")
    told = play(streak("every: business_day"), story + "; mon+1 bo visits")
    assert told.streak("bo", "s", "mon+1 13:00") == Run(3, 3, False, "2026-11-24 23:00")
    assert (
        play(streak("every: business_day"), "sat bo visits; sun bo visits").streak("bo", "s", "sun 13:00").longest == 0
    )


def test_over_the_weekend_a_run_is_at_risk_only_on_a_business_day() -> None:
    told = play(streak("every: business_day"), "fri bo visits")
    assert [told.streak("bo", "s", f"{day} 13:00").at_risk for day in ("fri", "sat", "sun", "mon+1")] == [
        False,
        False,
        False,
        True,
    ]
    assert told.streak("bo", "s", "mon+1 23:00") == Run(0, 1, False, None)


def test_weeks_begin_as_the_program_says() -> None:
    told = play(streak("every: week"), "sun bo visits; mon+1 bo visits")
    assert told.streak("bo", "s", "mon+1 13:00") == Run(2, 2, False, "2026-12-06 23:00")
    sunday = streak("every: week").replace("}\n", ", week_starts: sunday}\n", 1)
    told = play(sunday, "sun bo visits; mon+1 bo visits")
    assert told.streak("bo", "s", "mon+1 13:00") == Run(1, 1, False, "2026-12-05 23:00")


def test_months_over_the_end_of_a_year_and_week_53() -> None:
    told = play(
        streak("every: month"), "2026-11-30 bo visits; 2026-12-01 bo visits; 2027-01-31 bo visits; 2027-02-28 bo visits"
    )
    assert told.streak("bo", "s", "2027-03-31 21:59") == Run(4, 4, True, "2027-03-31 22:00")
    told = play(streak("every: week"), "2026-12-27 bo visits; 2026-12-28 bo visits; 2027-01-04 bo visits")
    assert told.streak("bo", "s", "2027-01-10 13:00").current == 3


def test_a_leap_day_is_a_day() -> None:
    story = "2028-02-28 bo visits; 2028-02-29 bo visits; 2028-03-01 bo visits"
    assert play(streak(), story).streak("bo", "s", "2028-03-01 13:00").current == 3
    assert play(streak(), story.replace("2028-02-29", "2028-02-27")).streak("bo", "s", "2028-03-01 13:00").current == 1


# Whose calendar.


def test_the_calendar_is_the_members_own_or_the_programs_or_the_events() -> None:
    story = "mon 12:30 bo visits; mon 20:00 bo visits; tue 12:30+14:00 bo visits"
    lives = zone("Pacific/Auckland")  # UTC+13
    assert play(streak(), story, profiles=lives).streak("bo", "s", "mon 21:00") == Run(1, 1, False, "2026-11-18 11:00")
    program = play(streak("every: day, clock: program"), story, profiles=lives)
    assert program.streak("bo", "s", "mon 21:00") == Run(1, 1, False, "2026-11-17 23:00")
    events = play(streak("every: day, clock: event"), story, profiles=lives)
    assert events.streak("bo", "s", "mon 21:00").current == 2


def test_today_of_the_event_clock_is_the_date_in_the_offset_of_the_newest_fitting_event() -> None:
    told = play(streak("every: day, clock: event"), "mon 23:30-08:00 bo visits")  # tue 07:30 UTC
    assert told.streak("bo", "s", "wed 07:59") == Run(1, 1, True, "2026-11-18 08:00")
    assert told.streak("bo", "s", "wed 08:00") == Run(0, 1, False, None)


def test_a_member_without_a_zone_has_the_programs() -> None:
    assert play(streak(), "mon 22:59 bo visits; mon 23:00 bo visits").streak("bo", "s", "tue 01:00").current == 2


def test_a_zone_change_does_not_relabel_what_was() -> None:
    lives = {"bo": {"": {"time_zone": "Pacific/Honolulu"}, "wed 00:00": {"time_zone": "Pacific/Auckland"}}}
    # Honolulu: mon 12:00, tue 11:00 there; then Auckland: wed 13:00, thu 13:00 there
    told = play(
        streak(), "mon 22:00 bo visits; tue 21:00 bo visits; wed 00:00 bo visits; thu 00:00 bo visits", profiles=lives
    )
    assert told.streak("bo", "s", "thu 01:00").current == 4


def test_dates_that_run_backwards_count_once() -> None:
    lives = {"bo": {"": {"time_zone": "Pacific/Auckland"}, "wed 00:00": {"time_zone": "Pacific/Honolulu"}}}
    # Auckland: tue, wed 01:00; Honolulu: tue 14:00, wed
    told = play(
        streak(), "mon 12:00 bo visits; tue 12:00 bo visits; wed 00:00 bo visits; wed 22:00 bo visits", profiles=lives
    )
    assert told.streak("bo", "s", "wed 23:00") == Run(2, 2, False, "2026-11-20 10:00")


@pytest.mark.parametrize(
    ("where", "first", "days"),
    [
        ("Europe/Berlin", "2026-03-27", 4),
        ("Europe/Berlin", "2026-10-23", 5),
        ("America/New_York", "2026-10-30", 4),
        ("America/Santiago", "2026-09-04", 4),
        ("Australia/Lord_Howe", "2026-10-02", 4),
        ("Asia/Kathmandu", "2026-11-16", 3),
    ],
)
def test_the_first_and_last_seconds_of_days_over_changes_of_clocks(where: str, first: str, days: int) -> None:
    start = date.fromisoformat(first).toordinal()
    bounds = [first_instant(where, start + each) for each in range(days + 1)]
    edges = [instant for each in range(days) for instant in (bounds[each], bounds[each + 1] - 10**6)]
    texts = [datetime.fromtimestamp(edge // 10**6, UTC).strftime("%Y-%m-%d %H:%M:%S") for edge in edges]
    for chosen in (texts, texts[::2], texts[1::2]):
        told = play(streak(), "; ".join(f"{text} bo visits" for text in chosen), profiles=zone(where))
        run = told.streak("bo", "s", texts[-1])
        assert (run.current, run.longest) == (days, days)
        until = first_instant(where, start + days + 1)
        assert run.alive_until == datetime.fromtimestamp(until // 10**6, UTC).strftime("%Y-%m-%d %H:%M")


def test_a_day_that_a_country_skipped_breaks_no_run() -> None:
    # Apia went from 2011-12-29 to 2011-12-31 over the date line: here on the 29th, the 31st and the 1st.
    story = "2011-12-29 20:00 bo visits; 2011-12-30 11:00 bo visits; 2011-12-31 11:00 bo visits"
    for lives in (zone("Pacific/Apia"), None):
        head = HEAD if lives else HEAD.replace("Europe/Berlin", "Pacific/Apia")
        told = play(streak().replace(HEAD, head), story, profiles=lives)
        run = told.streak("bo", "s", "2011-12-31 12:00")
        assert (run.current, run.longest) == (3, 3)
    assert play(streak(), story.split("; ")[0], profiles=zone("Pacific/Apia")).streak(
        "bo", "s", "2011-12-30 09:00"
    ) == Run(1, 1, False, "2011-12-31 10:00")


def test_a_day_lost_on_a_flight_breaks_no_run() -> None:
    # Leaves Honolulu on Tuesday evening there (wed 08:00 UTC), which is Wednesday 21:00 in Auckland.
    lives = {"bo": {"": {"time_zone": "Pacific/Honolulu"}, "wed 08:00": {"time_zone": "Pacific/Auckland"}}}
    story = "mon 22:00 bo visits; tue 22:00 bo visits; wed 20:00 bo visits"  # mon, tue; then thu in Auckland
    told = play(streak(), story, profiles=lives)
    assert told.streak("bo", "s", "wed 21:00").current == 3
    # Wednesday lasts three hours for her: on Tuesday the run is not at risk before Thursday ends.
    told = play(streak(), "mon 22:00 bo visits; tue 22:00 bo visits", profiles=lives)
    assert told.streak("bo", "s", "wed 09:00") == Run(2, 2, False, "2026-11-19 11:00")


def test_half_a_day_in_force_breaks_a_run_after_all() -> None:
    lives = {"bo": {"": {"time_zone": "Pacific/Honolulu"}, "wed 22:00": {"time_zone": "Pacific/Auckland"}}}
    # Wednesday is in force from 10:00 UTC to 22:00 UTC, which is Thursday 11:00 in Auckland.
    told = play(streak(), "tue 22:00 bo visits; wed 23:00 bo visits", profiles=lives)
    assert told.streak("bo", "s", "wed 23:30").current == 1
