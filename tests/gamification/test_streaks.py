"""Streaks: runs on the member's own calendar, whatever clocks and zones do."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hub.gamification import runs
from hub.gamification.events import Event
from hub.gamification.outcome import Paused
from hub.gamification.progress import Given
from hub.gamification.windows import first_instant
from hub.ledger import arrivals
from tests.gamification.play import Run, Told, at, plan_of, play, tell, timeline, told_events

HEAD = "program: {name: Club, time_zone: Europe/Berlin}\n"


def streak(fields: str = "every: day") -> str:
    return HEAD + f"streaks: {{s: {{event: hub.visited, {fields}}}}}"


def zone(name: str) -> dict[str, dict[str, dict[str, str]]]:
    return {"bo": {"": {"time_zone": name}}}


def stood(text: str, story: str, *times: str, **more: Any) -> list[Run]:
    """How the streak stood at these times, when nothing that came after had happened yet."""
    lines = [line.strip() for line in story.split(";")]
    written = [
        max(events, key=lambda event: event.entry).time for line in lines for events in told_events(line).values()
    ]
    return [
        play(
            text, "; ".join(line for line, time in zip(lines, written, strict=True) if time <= at(now)), **more
        ).streak("bo", "s", now)
        for now in times
    ]


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


def test_a_day_that_has_come_back_is_not_missed_before_it_is_over() -> None:
    lives = {"bo": {"": {"time_zone": "Pacific/Auckland"}, "wed 00:00": {"time_zone": "Pacific/Honolulu"}}}
    # Monday and Wednesday in Auckland; then it is Tuesday 14:00 in Honolulu.
    story = "sun-1 23:00 bo visits; tue 23:00 bo visits; {}"
    assert stood(
        streak(), story.format("wed 00:00 bo wins"), "tue 23:30", "wed 01:00", "wed 10:00", profiles=lives
    ) == [
        Run(1, 1, False, "2026-11-20 10:00"),
        Run(2, 2, False, "2026-11-20 10:00"),
        Run(1, 1, False, "2026-11-20 10:00"),
    ]
    assert stood(streak(), story.format("wed 01:00 bo visits"), "wed 10:00", profiles=lives) == [
        Run(3, 3, False, "2026-11-20 10:00")
    ]


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


def test_to_auckland_and_back_a_day_is_seen_twice_and_counts_once() -> None:
    lives = {
        "bo": {
            "": {"time_zone": "Pacific/Honolulu"},
            "wed 08:00": {"time_zone": "Pacific/Auckland"},
            "thu 12:00": {"time_zone": "Pacific/Honolulu"},
        }
    }
    # Tuesday in Honolulu; Thursday in Auckland; then it is Thursday 02:00 in Honolulu, once more.
    story = "tue 22:00 bo visits; wed 20:00 bo visits; thu 22:00 bo visits; fri 22:00 bo visits"
    told = play(streak(), story, profiles=lives)
    assert told.streak("bo", "s", "fri 23:00") == Run(3, 3, False, "2026-11-22 10:00")


# What senders write.


def sent(text: str, *times: str, **lives: str) -> Told:
    """Visits at these times, as the log reads them."""
    read = [arrivals.instant(time) for time in times]
    log = [Event(time, "hub", f"{no}", "hub.visited", offset, {}, no, no) for no, (time, offset) in enumerate(read, 1)]
    now, plan = max(log).time, plan_of(text)
    return Told(plan, {"bo": tell(plan, log, Given(timeline({"": lives}), now))}, now)


def test_a_leap_second_is_the_first_second_of_the_next_day() -> None:
    for clock in ("member", "event"):
        told = sent(
            streak(f"every: day, clock: {clock}"), "2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z", time_zone="UTC"
        )
        assert told.streak("bo", "s").current == 2
    # In Tokyo, where it comes in the morning, it is of the day that it is written with.
    told = sent(streak("every: day, clock: event"), "2017-01-01T08:59:59+09:00", "2017-01-01T08:59:60+09:00")
    assert told.streak("bo", "s").current == 1


def test_the_outermost_offsets_have_their_own_dates() -> None:
    told = sent(streak("every: day, clock: event"), "2026-11-16T00:00:00+14:00", "2026-11-15T23:59:59-12:00")
    # The second comes 26 hours later and is of the day before.
    assert told.streak("bo", "s") == Run(2, 2, False, "2026-11-18 12:00")
    told = sent(streak(), "2026-11-16T00:00:00+14:00", "2026-11-15T23:59:59-12:00", time_zone="UTC")
    assert told.streak("bo", "s") == Run(2, 2, False, "2026-11-18 00:00"), "the 15th and the 16th by her own clock"


# Holidays.


def test_a_holiday_neither_breaks_nor_counts() -> None:
    text = streak("every: business_day, holidays: [2026-11-18, 2026-11-21]")
    told = play(text, "tue bo visits; wed bo visits; thu bo visits; fri bo visits; mon+1 bo visits")
    assert told.streak("bo", "s", "thu 13:00") == Run(4, 4, False, "2026-11-24 23:00")
    assert told.streak("bo", "s", "wed 13:00").at_risk is False
    assert told.periods("bo", "s", "mon+1 13:00") == "counted counted counted counted"


def test_holidays_of_a_code_are_those_of_the_country_or_of_its_part() -> None:
    story = "2026-01-05 bo visits; 2026-01-07 bo visits"  # Epiphany, a Tuesday, in Bavaria
    for code, current in (("DE-BY", 2), ("DE", 1)):
        told = play(streak(f"every: business_day, holidays: {code}"), story)
        assert told.streak("bo", "s", "2026-01-07 13:00").current == current


# Freezes.


def frozen(fields: str) -> str:
    return streak(f"every: day, freezes: {{{fields}}}")


def test_a_freeze_bridges_one_missed_day_and_the_run_is_no_longer_for_it() -> None:
    story = "mon bo visits; tue bo visits; thu bo visits"
    assert stood(frozen("start: 1"), story, "wed 13:00", "thu 13:00") == [
        Run(2, 2, True, "2026-11-19 23:00", freezes=1),
        Run(3, 3, False, "2026-11-20 23:00", freezes=0),
    ]
    told = play(frozen("start: 1"), story)
    assert told.periods("bo", "s", "fri 13:00") == "counted counted frozen counted open"


def test_without_start_and_earn_every_there_is_no_freeze() -> None:
    told = play(frozen("max: 3"), "mon bo visits; tue bo visits; wed bo visits; fri bo visits")
    assert told.streak("bo", "s", "fri 13:00") == Run(1, 3, False, "2026-11-21 23:00", freezes=0)


def test_a_run_is_at_risk_whatever_is_in_hand_and_alive_until_all_is_used_up() -> None:
    told = play(frozen("start: 2"), "mon bo visits")
    assert told.streak("bo", "s", "mon 13:00") == Run(1, 1, False, "2026-11-19 23:00", freezes=2)
    assert told.streak("bo", "s", "tue 13:00") == Run(1, 1, True, "2026-11-19 23:00", freezes=2)
    assert told.streak("bo", "s", "wed 13:00") == Run(1, 1, True, "2026-11-19 23:00", freezes=1)
    assert told.streak("bo", "s", "thu 13:00") == Run(1, 1, True, "2026-11-19 23:00", freezes=0)
    assert told.streak("bo", "s", "thu 23:00") == Run(0, 1, False, None, freezes=0)


def test_freezes_spent_on_a_run_that_breaks_all_the_same_are_gone() -> None:
    story = "mon bo visits; tue bo visits; fri bo visits; sun bo visits"
    assert stood(frozen("start: 1"), story, "fri 13:00", "sun 13:00") == [
        Run(1, 2, False, "2026-11-21 23:00", freezes=0),
        Run(1, 2, False, "2026-11-23 23:00", freezes=0),
    ]
    told = play(frozen("start: 1"), story)
    assert told.periods("bo", "s", "sun 13:00") == "counted counted frozen missed counted missed counted"


def test_what_is_missed_while_no_run_is_alive_costs_nothing() -> None:
    story = "mon-1 bo wins; thu bo visits; sat bo visits"
    assert stood(frozen("start: 1"), story, "wed 13:00", "sat 13:00") == [
        Run(0, 0, False, None, freezes=1),
        Run(2, 2, False, "2026-11-22 23:00", freezes=0),
    ]
    # And between two runs: a third of three earns one, long after.
    story = "mon bo visits; thu+2 bo visits; fri+2 bo visits; sat+2 bo visits; mon+3 bo visits"
    assert stood(frozen("earn_every: 3"), story, "thu+2 13:00", "sat+2 13:00", "mon+3 13:00") == [
        Run(1, 1, False, "2026-12-04 23:00", freezes=0),
        Run(3, 3, False, "2026-12-07 23:00", freezes=1),
        Run(4, 4, False, "2026-12-08 23:00", freezes=0),
    ]


def test_a_freeze_is_earned_after_every_so_many_periods_of_a_run() -> None:
    story = "mon bo visits; tue bo visits; thu bo visits; sat bo visits"
    assert stood(frozen("earn_every: 2"), story, "mon 13:00", "tue 13:00", "wed 13:00", "thu 13:00", "sat 13:00") == [
        Run(1, 1, False, "2026-11-17 23:00", freezes=0),
        Run(2, 2, False, "2026-11-19 23:00", freezes=1),
        Run(2, 2, True, "2026-11-19 23:00", freezes=1),
        Run(3, 3, False, "2026-11-20 23:00", freezes=0),
        Run(1, 3, False, "2026-11-22 23:00", freezes=0),
    ]


def test_no_more_freezes_than_max_are_in_hand() -> None:
    story = "mon bo visits; tue bo visits; wed bo visits; thu bo visits"
    for fields, most in (
        ("earn_every: 1, max: 3", 3),
        ("earn_every: 1", 1),
        ("start: 2, earn_every: 1", 2),
        ("start: 1, earn_every: 1, max: 1", 1),
    ):
        assert play(frozen(fields), story).streak("bo", "s", "thu 13:00").freezes == most


def test_counting_toward_the_next_freeze_begins_anew_with_each_run() -> None:
    story = "mon bo visits; tue bo visits; fri bo visits; sat bo visits; sun bo visits"
    told = stood(frozen("earn_every: 3"), story, "fri 13:00", "sat 13:00", "sun 13:00")
    assert [run.freezes for run in told] == [0, 0, 1]


def test_a_freeze_that_was_not_in_hand_when_the_missed_day_began_does_not_help_it_and_outlives_the_run() -> None:
    # In Kiribati Wednesday had begun when Tuesday, in Hawaii again, came to count.
    lives = {"bo": {"": {"time_zone": "Pacific/Kiritimati"}, "tue 20:00": {"time_zone": "Pacific/Honolulu"}}}
    story = "sun-1 20:00 bo visits; {} 20:30 bo visits; thu 22:00 bo visits"
    assert stood(frozen("earn_every: 2"), story.format("tue"), "tue 23:00", "thu 23:00", profiles=lives) == [
        Run(2, 2, False, "2026-11-19 10:00", freezes=1),
        Run(1, 2, False, "2026-11-22 10:00", freezes=1),
    ]
    # Had Tuesday counted while it was Tuesday in Kiribati, the freeze would have saved Wednesday.
    assert stood(frozen("earn_every: 2"), story.format("mon"), "tue 19:00", "thu 23:00", profiles=lives) == [
        Run(2, 2, True, "2026-11-20 10:00", freezes=1),
        Run(3, 3, False, "2026-11-21 10:00", freezes=0),
    ]


def test_a_freeze_is_in_hand_once_all_of_the_periods_that_earn_it_count() -> None:
    # Tuesday counts first, Monday only when Wednesday has begun: Wednesday finds no freeze, whatever came since.
    text, story = streak("every: day, clock: event, freezes: {earn_every: 2}"), "tue 10:30+14:00 bo visits; {}"
    after = "; thu 12:00-12:00 bo visits; fri 12:00-12:00 bo visits"
    told = play(text, story.format("mon 22:31-12:00 bo visits") + after)
    assert told.streak("bo", "s", "fri 13:00-12:00") == Run(2, 2, False, "2026-11-23 12:00", freezes=1)
    told = play(text, story.format("mon 21:59-12:00 bo visits") + after)
    assert told.streak("bo", "s", "fri 13:00-12:00") == Run(4, 4, False, "2026-11-23 12:00", freezes=1)


def test_where_clocks_go_back_over_midnight_the_next_day_has_begun() -> None:
    # In St. John's of 2010 clocks went back from 00:01 to 23:01; at 03:00 UTC it was the 6th once more.
    story = "2010-11-05 15:00 bo visits; 2010-11-07 03:00 bo visits; 2010-11-08 15:00 bo visits"
    told = play(frozen("earn_every: 2"), story, profiles=zone("America/St_Johns"))
    assert told.streak("bo", "s", "2010-11-08 16:00").current == 1
    told = play(frozen("earn_every: 2"), story.replace("07 03:00", "07 02:00"), profiles=zone("America/St_Johns"))
    assert told.streak("bo", "s", "2010-11-08 16:00").current == 3


def test_a_late_event_that_fills_the_day_gives_its_freeze_back() -> None:
    told = play(frozen("start: 1"), "mon bo visits; wed bo visits; thu bo visits; tue bo visits")
    assert told.streak("bo", "s", "thu 13:00") == Run(4, 4, False, "2026-11-21 23:00", freezes=1)


def test_weeks_months_and_business_days_are_frozen_as_days_are() -> None:
    told = play(streak("every: week, freezes: {start: 1}"), "mon bo visits; mon+2 bo visits")
    assert told.streak("bo", "s", "mon+2 13:00") == Run(2, 2, False, "2026-12-13 23:00", freezes=0)
    told = play(streak("every: month, freezes: {start: 1}"), "2026-11-16 bo visits; 2027-01-01 bo visits")
    assert told.streak("bo", "s", "2027-01-01 13:00") == Run(2, 2, False, "2027-02-28 23:00", freezes=0)
    told = play(streak("every: business_day, freezes: {start: 1}"), "fri bo visits; tue+1 bo visits")
    assert told.streak("bo", "s", "tue+1 13:00") == Run(2, 2, False, "2026-11-25 23:00", freezes=0)


def test_a_badge_stays_when_a_late_event_takes_away_the_freeze_that_it_hung_on() -> None:
    text = frozen("start: 1") + "\nbadges: {four: {when: {streak: s, at_least: 4}}}"
    story = "fri bo visits; sat bo visits; mon+1 bo visits; tue+1 bo visits"
    assert play(text, story).badges("bo") == ["four"]
    # A visit on Monday makes a run for which Tuesday's freeze is spent in vain; Sunday then finds none.
    told = play(text, f"{story}; mon bo visits")
    assert told.streak("bo", "s", "tue+1 13:00") == Run(2, 2, False, "2026-11-25 23:00", freezes=0)
    assert told.kept("bo") == ["four"]


# Pauses.


def test_a_pause_bridges_its_days_and_uses_no_freeze() -> None:
    story = "mon bo visits; mon 13:00 bo pauses from=2026-11-17 to=2026-11-19; fri bo visits"
    assert stood(frozen("start: 1"), story, "mon 14:00", "wed 13:00", "fri 11:00", "fri 13:00") == [
        Run(1, 1, False, "2026-11-21 23:00", freezes=1),
        Run(1, 1, False, "2026-11-21 23:00", freezes=1),
        Run(1, 1, True, "2026-11-21 23:00", freezes=1),
        Run(2, 2, False, "2026-11-22 23:00", freezes=1),
    ]
    assert play(frozen("start: 1"), story).periods("bo", "s", "fri 13:00") == "counted paused paused paused counted"


def test_what_happens_in_a_pause_counts() -> None:
    story = "mon bo visits; mon 13:00 bo pauses from=2026-11-17 to=2026-11-19; wed bo visits; fri bo visits"
    told = play(streak(), story)
    assert told.streak("bo", "s", "fri 13:00").current == 3
    assert told.periods("bo", "s", "fri 13:00") == "counted paused counted paused counted"


def test_a_pause_is_of_one_streak_or_of_all() -> None:
    text = HEAD + "streaks: {s: {event: hub.visited, every: day}, other: {event: hub.visited, every: day}}"
    story = "mon bo visits; mon 13:00 bo pauses from=2026-11-17 to=2026-11-17{}; wed bo visits"
    told = play(text, story.format(" streak=s"))
    assert (told.streak("bo", "s", "wed 13:00").current, told.streak("bo", "other", "wed 13:00").current) == (2, 1)
    told = play(text, story.format(""))
    assert (told.streak("bo", "s", "wed 13:00").current, told.streak("bo", "other", "wed 13:00").current) == (2, 2)


def test_a_week_is_bridged_where_all_its_days_are_paused() -> None:
    story = "mon bo visits; tue bo pauses from={} to={}; mon+2 bo visits"
    for first, last, current in (("2026-11-23", "2026-11-29", 2), ("2026-11-24", "2026-11-30", 1)):
        told = play(streak("every: week"), story.format(first, last))
        assert told.streak("bo", "s", "mon+2 13:00").current == current


def test_a_month_too() -> None:
    story = "2026-11-16 bo visits; 2026-11-17 bo pauses from={} to={}; 2027-01-01 bo visits"
    for first, last, current in (("2026-12-01", "2026-12-31", 2), ("2026-12-02", "2027-01-31", 1)):
        told = play(streak("every: month"), story.format(first, last))
        assert told.streak("bo", "s", "2027-01-01 13:00").current == current


def test_pauses_that_touch_are_one() -> None:
    story = "mon bo visits; tue bo pauses from={} to={}; tue 13:00 bo pauses from={} to={}; mon+2 bo visits"
    for spans, current in (
        (("2026-11-22", "2026-11-25", "2026-11-26", "2026-12-05"), 2),  # adjacent
        (("2026-11-25", "2026-11-29", "2026-11-23", "2026-11-27"), 2),  # overlapping
        (("2026-11-22", "2026-11-25", "2026-11-27", "2026-12-05"), 1),  # a day between
    ):
        told = play(streak("every: week"), story.format(*spans))
        assert told.streak("bo", "s", "mon+2 13:00").current == current


def test_a_pause_of_business_days_goes_on_over_the_weekend() -> None:
    story = (
        "mon bo visits; mon 13:00 bo pauses from=2026-11-17 to=2026-11-20;"
        " mon 14:00 bo pauses from=2026-11-23 to=2026-11-24"
    )
    told = play(streak("every: business_day"), story)
    assert told.streak("bo", "s", "sat 13:00") == Run(1, 1, False, "2026-11-25 23:00")
    until = told.standing("bo", "s", "sat 13:00").paused_until
    assert until == date(2026, 11, 24).toordinal()
    assert told.standing("bo", "s", "wed+1 13:00").paused_until is None


def test_a_pause_known_late_bridges_all_the_same() -> None:
    story = "mon bo visits; wed bo visits; mon 13:00 bo pauses from=2026-11-17 to=2026-11-17"
    assert play(streak(), story).streak("bo", "s", "wed 13:00").current == 2


def test_a_pause_serves_as_an_event_like_any_other() -> None:
    text = (
        HEAD
        + "metrics: {pauses: {event: hub.streak.paused, take: count}}\nstreaks: {s: {event: hub.visited, every: day}}"
    )
    told = play(text, "mon bo pauses from=2026-11-17 to=2026-11-18")
    assert told.metric("bo", "pauses") == 1
    assert [effect for effect in told.effects("bo") if isinstance(effect, Paused)] == [
        Paused("s", date(2026, 11, 17).toordinal(), date(2026, 11, 18).toordinal(), told.people["bo"].log[0])
    ]


def test_only_so_many_pauses_are_remembered() -> None:
    first = date(2027, 1, 1)
    days = [first + timedelta(2 * each) for each in range(runs.PAUSES_KEPT + 5)]
    told = play(
        streak(),
        "; ".join(f"mon 12:{no % 60:02}:{no // 60:02} bo pauses from={day} to={day}" for no, day in enumerate(days)),
    )
    [state] = told.people["bo"].unpacked().streaks
    assert len(state[runs.PAUSES]) == runs.PAUSES_KEPT
    assert state[runs.PAUSES][-1] == [days[-1].toordinal()] * 2
