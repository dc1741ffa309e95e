"""The model by itself: what PROGRAM.md says where no engine is asked, each sentence worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from hub.gamification import program
from tests.gamification.play import EVENTS, at, shown, told_events
from tests.model import (
    Activity,
    AwardKey,
    Entry,
    MemberRow,
    PlaceInLog,
    Published,
    Reversal,
    Revoked,
    World,
    tell,
)
from tests.model.times import Calendar, first_instant, stretches

HEAD = "program: {name: Club, time_zone: UTC, live_from: 2026-11-01, grace: 24h}\n"
METRICS = """
metrics:
  deals: {event: deal.won, take: count}
  open: {event: {deal.won: 1, deal.lost: -1}, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  worst: {event: csat.answered, take: min, of: score}
"""


def published(text: str, when: str = "mon-4") -> Published:
    found = program.read((text if "program:" in text else HEAD + text) + EVENTS, now=0, not_yet=())
    assert found.program is not None, [str(fault) for fault in found.faults]
    return Published(found.program, None, at(when))


def entries(story: str) -> list[PlaceInLog]:
    """As in `play`; `known=WHEN` of what comes late, and `WHEN bo takes_back of=ID` for a reversal."""
    events = sorted((one.entry, who, one) for who, some in told_events(story).items() for one in some)
    found: list[PlaceInLog] = []
    for _, who, one in events:
        data = dict(one.data)
        known_at = at(str(data.pop("known"))) if "known" in data else one.time
        if one.type == "takes_back":
            found.append(Reversal(str(data["source"]), str(data["id"]), known_at))
        else:
            found.append(Entry("crm", one.id, one.type, one.time, one.offset, data, who, None, known_at))
    return found


def row(member: str, when: str = "mon-4", known: str | None = None, **profile: Any) -> MemberRow:
    return MemberRow(member, at(when), profile, at(known or when))


def world(text: str, *places: PlaceInLog | str, now: str = "sun+8") -> World:
    log: list[PlaceInLog] = [published(text)]
    for place in places:
        log += entries(place) if isinstance(place, str) else [place]
    return tell(sorted(log, key=lambda place: place.known_at), at(now))


def badges(told: World, who: str = "bo") -> dict[str, str | None]:
    """Badges that stand, each with why it is kept."""
    return {fact.key.name: fact.kept for fact in told.badges(who)}


# Reversals.

REWARDED = (
    METRICS
    + """
points: {won: {event: deal.won, award: 10}}
badges: {two: {when: {metric: deals, at_least: 2}, points: 5MORE}}
"""
)


def test_what_is_reversed_never_was_but_for_facts():
    told = world(REWARDED.replace("MORE", ""), "mon bo wins; tue bo wins; wed bo takes_back of=2")
    assert told.lines("bo") == {("rule", "won", "crm", "0001"): 10, ("badge", "two", None, None, None, None): 5}
    assert (told.metric("bo", "deals"), badges(told)) == (1, {"two": "reversed"})
    assert [skip.code for skip in told.skips("crm", "0002")] == ["reversed"]


def test_a_reversal_may_come_before_its_event():
    told = world(REWARDED.replace("MORE", ""), "mon bo wins; mon bo takes_back of=3; tue bo wins")
    assert (told.metric("bo", "deals"), badges(told)) == (1, {})


def test_a_badge_that_says_so_is_revoked_by_a_reversal_and_only_by_one():
    text = REWARDED.replace("MORE", ", on_reversal: revoke").replace("metric: deals", "metric: open")
    told = world(text, "mon bo wins; tue bo wins; wed bo takes_back of=2")
    assert (badges(told), told.ended["bo"]) == ({}, {AwardKey("badge", "two"): "reversed"})
    told = world(text, "mon bo wins; tue bo wins; sun-1 bo loses known=wed")
    assert badges(told) == {"two": "late"}


def test_another_event_may_earn_what_a_reversal_ended():
    text = REWARDED.replace("MORE", ", on_reversal: revoke")
    told = world(text, "mon bo wins; tue bo wins; wed bo takes_back of=2; thu bo wins; fri bo wins")
    assert [shown(fact.place[0]) for fact in told.badges("bo")] == ["2026-11-19 12:00"]


def test_where_the_event_is_reversed_nothing_is_looked_at():
    text = REWARDED.replace("MORE", "") + "levels: {starter: {at: 0}, pro: {at: 15}}\n"
    told = world(text, "mon bo wins; tue bo wins known=wed; thu bo takes_back of=2")
    assert {fact.key.name: fact.kept for fact in told.levels("bo")} == {"starter": None, "pro": "reversed"}
    told = world(text, "mon bo wins; tue bo wins known=wed; thu bo takes_back of=2; fri bo visits")
    # 10 and the kept 5, seen from Friday on: the level comes due again.
    assert [(fact.kept, shown(fact.place[0])) for fact in told.levels("bo")][1] == (None, "2026-11-20 12:00")


# Facts.


def test_a_fact_is_what_was_derived_after_some_entry():
    text = METRICS + "badges: {two: {when: {metric: open, at_least: 2}}}"
    assert badges(world(text, "mon bo wins; tue bo wins; sun-1 bo loses known=wed")) == {"two": "late"}
    assert badges(world(text, "sun-1 bo loses; mon bo wins; tue bo wins")) == {}


def test_a_dropped_or_locked_badge_is_kept_and_given_no_more():
    text = METRICS + "badges: {two: {when: {metric: deals, at_least: 2}}}"
    locked = published(text.replace("}}}", "}, state: locked}}"), "wed")
    for later in (locked, published(METRICS, "wed")):
        told = world(text, "mon bo wins; tue bo wins; mon ada wins; thu ada wins", later)
        assert (badges(told), badges(told, "ada")) == ({"two": "version"}, {})


def test_what_is_revoked_by_hand_is_not_earned_by_the_same_event_again():
    text = (
        METRICS
        + "points: {won: {event: deal.won, award: 1}}\nbadges: {two: {when: {metric: deals, at_least: 2}, points: 5}}"
    )
    revoked = Revoked("bo", AwardKey("badge", "two"), at("wed"))
    told = world(text, "mon bo wins; tue bo wins; thu bo wins", revoked)
    assert (badges(told), sum(told.lines("bo").values())) == ({}, 3)
    told = world(text, "mon bo wins; tue bo wins; thu bo wins; sun-1 bo wins known=thu", revoked)
    assert [shown(fact.place[0]) for fact in told.badges("bo")] == ["2026-11-16 12:00"]


# What is final.

GOAL = (
    METRICS
    + """
goals: {aim: {metric: open, window: week, target: 2, reward: {points: 50, badge: ace}}}
badges: {ace: {points: 7}}
"""
)
W47 = "2026-W47"


def test_a_late_event_re_decides_a_goal_until_its_window_is_final():
    told = world(GOAL, "mon bo wins; tue bo wins; wed bo loses; mon bo loses known=mon+1")
    shown_goal = told.goal("bo", "aim", W47)
    assert shown_goal is not None
    assert (shown_goal.status, shown_goal.actual, shown_goal.final) == ("missed", 0, True)
    assert (sum(told.lines("bo").values()), badges(told)) == (7, {"ace": "late"})


def test_a_final_goal_keeps_status_value_and_reward():
    told = world(GOAL, "mon bo wins; tue bo wins; mon bo loses known=tue+1; mon ada wins; tue ada wins known=tue+1")
    mine, hers = told.goal("bo", "aim", W47), told.goal("ada", "aim", W47)
    assert mine is not None
    assert hers is not None
    assert (mine.status, mine.actual, mine.reached) == ("reached", 2, (at("tue"), "crm", "0002"))
    assert (told.metric("bo", "open", W47), badges(told), sum(told.lines("bo").values())) == (1, {"ace": None}, 57)
    assert (hers.status, hers.actual, told.lines("ada")) == ("missed", 1, {})


def test_late_is_what_is_known_at_the_final_instant_itself():
    for known, status in (("mon+1 23:59:59", "reached"), ("tue+1 00:00", "missed")):
        log = [published(GOAL), *entries("mon bo wins; tue bo wins")]
        log[-1] = Entry("crm", "0002", "deal.won", at("tue"), 0, {}, "bo", None, at(known))
        found = tell(log, at("sun+2")).goal("bo", "aim", W47)
        assert found is not None
        assert found.status == status


def test_history_is_never_final_and_gives_no_rewards():
    text = GOAL.replace("week", "month").replace("2,", "2, ")
    told = world(
        text, "2026-10-01 bo wins known=mon-3; 2026-10-02 bo wins known=mon+8; 2026-11-01 bo wins; mon bo wins"
    )
    october, november = told.goal("bo", "aim", "2026-10"), told.goal("bo", "aim", "2026-11")
    assert october is not None
    assert november is not None
    assert (october.status, october.final) == ("reached", False)
    assert [key[2] for key in told.lines("bo") if key[0] == "goal"] == ["2026-11"]


def test_windows_that_were_final_when_a_goal_was_first_named_give_no_rewards():
    told = world(METRICS, "mon-1 bo wins; tue-1 bo wins; mon bo wins; tue bo wins", published(GOAL, "wed"))
    found = told.goal("bo", "aim", "2026-W46")
    assert found is not None
    assert (found.status, found.final) == ("reached", True)
    assert [key[2] for key in told.lines("bo") if key[0] == "goal"] == [W47]


def test_an_at_most_goal_is_decided_at_the_final_instant():
    text = METRICS + "goals: {calm: {metric: deals, window: week, target: 1, direction: at_most, reward: {points: 3}}}"
    told = world(text, "mon bo wins; mon ada wins; tue ada wins; mon cy visits", now="sun+1")
    states = {who: told.goal(who, "calm", W47) for who in ("ada", "bo", "cy")}
    assert {who: each and each.status for who, each in states.items()} == {
        "ada": "missed",
        "bo": "reached",
        "cy": "reached",
    }
    assert [told.lines(who).get(("goal", "calm", W47)) for who in ("ada", "bo", "cy")] == [None, 3, 3]
    assert shown(told.reached("bo")["calm", W47].place[0]) == "2026-11-24 00:00"


def test_without_a_value_that_could_be_0_an_at_most_goal_is_missed():
    text = METRICS + "goals: {small: {metric: worst, window: week, target: 1, direction: at_most}}"
    found = world(text, "mon bo visits", now="sun+1").goal("bo", "small", W47)
    assert found is not None
    assert found.status == "missed"


PRIZES = (
    METRICS
    + """
leaderboards:
  top:
    metric: revenue
    window: week
    prizes: [{rank: 1, points: 30}, {rank: 2, points: 20}, {rank: 3, points: 10}]
"""
)
RACE = "mon bo wins amount=5; tue ada wins amount=5; wed cy wins amount=3; thu dan wins amount=9"


def test_tied_members_each_get_the_whole_prize_of_their_rank():
    told = world(PRIZES, RACE, now="sun+1")
    rows = [(one.rank, one.id) for one in told.board("top", W47).rows]
    assert rows == [(1, "dan"), (2, "bo"), (2, "ada"), (4, "cy")]
    assert {who: sum(told.lines(who).values()) for who in ("ada", "bo", "cy", "dan")} == {
        "ada": 20, "bo": 20, "cy": 0, "dan": 30,
    }  # fmt: skip
    assert (told.metric("dan", "points_received"), told.metric("dan", "points_earned")) == (30, None)


def test_a_final_board_is_frozen_and_late_events_count_all_the_same():
    told = world(PRIZES, RACE, "thu cy wins amount=90 known=tue+1", now="sun+1")
    assert told.board("top", W47).rows[0].id == "dan"
    assert told.metric("cy", "revenue", W47) == 93


def test_who_is_out_leaves_no_gap_and_sees_the_rank_she_would_have():
    rows = [row("dan", listed=False), row("bo"), row("ada"), row("cy")]
    told = world(PRIZES, RACE, *rows, Activity("bo", False, at("fri")), now="sun")
    found = told.board("top", W47)
    assert [(one.rank, one.id) for one in found.rows] == [(1, "ada"), (2, "cy")]
    assert found.would_be == {"dan": 1, "bo": 1}


def test_dense_ties_lowest_first_and_one_board_for_each():
    text = (
        METRICS + "leaderboards: {top: {metric: revenue, window: week, ties: dense, direction: lowest, among: region}}"
    )
    rows = [
        row(who, region=region) for who, region in (("bo", "emea"), ("ada", "emea"), ("cy", "emea"), ("dan", "apac"))
    ]
    told = world(text, RACE, *rows, now="sun")
    assert [(one.rank, one.id) for one in told.board("top", W47, "emea").rows] == [(1, "cy"), (2, "bo"), (2, "ada")]
    assert [one.id for one in told.board("top", W47, "apac").rows] == ["dan"]


def test_once_a_window_has_ended_the_profile_at_its_end_counts():
    text = METRICS + "leaderboards: {top: {metric: revenue, window: week, among: region}}"
    moved = row("bo", "mon+1 00:00", region="apac")
    told = world(text, RACE, row("bo", region="emea"), moved, now="mon+1 12:00")
    assert [one.id for one in told.board("top", W47, "emea").rows] == ["bo"]


# Streaks.


def streak(fields: str, *places: PlaceInLog | str, now: str, zone: str = "UTC", who: str = "bo") -> tuple[Any, ...]:
    text = f"streaks: {{s: {{event: hub.visited, {fields}}}}}"
    return world(text, row(who, time_zone=zone), *places, now=now).streak(who, "s")


def test_a_freeze_bridges_a_missed_day_and_adds_nothing():
    fields = "every: day, freezes: {start: 1}"
    run = streak(fields, "mon bo visits; tue bo visits; thu bo visits", now="thu 13:00")
    assert run[:4] == (3, 3, 0, False)
    assert shown(run[4]) == "2026-11-21 00:00"
    run = streak(fields, "mon bo visits; tue bo visits", now="wed 13:00")
    assert (run[:4], shown(run[4])) == ((2, 2, 1, True), "2026-11-20 00:00")


def test_freezes_are_earned_by_counting_periods_and_gone_with_a_run_that_breaks():
    fields = "every: day, freezes: {earn_every: 2, max: 1}"
    visits = "mon bo visits; tue bo visits; thu bo visits; fri bo visits; sun bo visits"
    assert streak(fields, visits, now="sun 13:00")[:3] == (5, 5, 0)
    assert streak(fields, "mon bo visits; tue bo visits; fri bo visits", now="fri 13:00")[:3] == (1, 2, 0)


def test_a_late_event_that_fills_the_period_gives_its_freeze_back():
    told = "mon bo visits; tue bo visits; thu bo visits"
    fields = "every: day, freezes: {start: 1}"
    assert streak(fields, told, "wed bo visits known=fri", now="fri 13:00")[:3] == (4, 4, 1)


def test_a_pause_bridges_without_freezes():
    pause = "tue 13:00 bo pauses from=2026-11-18 to=2026-11-19 id=p"
    fields = "every: day, freezes: {start: 1}"
    run = streak(fields, "mon bo visits; tue bo visits; fri bo visits", pause, now="fri 13:00")
    assert run[:3] == (3, 3, 1)
    assert shown(streak("every: day", "tue bo visits", pause, now="tue 13:00")[4]) == "2026-11-21 00:00"


def test_holidays_are_no_business_days():
    fields = "every: business_day, holidays: [2026-11-18]"
    assert streak(fields, "mon bo visits; tue bo visits; wed bo visits; thu bo visits", now="thu 13:00")[0] == 3
    assert streak(fields, "tue bo visits", now="wed 13:00")[3] is False


@pytest.mark.parametrize(
    ("zone", "days", "now", "current"),
    [
        ("Pacific/Apia", "2011-12-29 20:00 bo visits; 2011-12-30 20:00 bo visits", "2011-12-30 21:00", 2),  # no 30th
        ("America/Santiago", "2026-09-05 bo visits; 2026-09-06 bo visits", "2026-09-06 13:00", 2),  # no midnight
    ],
)
def test_calendars_that_skip(zone: str, days: str, now: str, current: int):
    text = (
        "program: {name: Club, time_zone: UTC, live_from: 2027-01-01}\nstreaks: {s: {event: hub.visited, every: day}}"
    )
    log = [published(text, "2011-01-01"), row("bo", "2011-01-01", time_zone=zone), *entries(days)]
    assert tell(log, at(now)).streak("bo", "s").current == current


def test_a_day_lost_to_a_flight_breaks_nothing():
    flight = row("bo", "wed 10:00", time_zone="Pacific/Auckland")
    # In Honolulu it is Wednesday 00:00; in Auckland Wednesday 23:00: of Wednesday there is an hour.
    told = world("streaks: {s: {event: hub.visited, every: day}}", row("bo", time_zone="Pacific/Honolulu"), flight,
                 "tue 20:00 bo visits; wed 20:00 bo visits", now="wed 21:00")  # fmt: skip
    assert told.streak("bo", "s").current == 2


# Actions.


def test_an_action_opens_by_time_and_its_event_brings_the_bonus_in_time():
    text = (
        METRICS
        + "actions: {step: {event: deal.won, when: {idle: 3d}, bonus: {points: 5, within: 1d}, again_after: 1d}}"
    )
    told = world(text, "mon bo wins; fri 11:59 bo wins; tue+1 bo wins")
    # Open for ever, closed on Monday; open from Thursday noon on, and from Monday 11:59 on.
    assert [key[3] for key in told.lines("bo")] == ["0002"]
    assert {key: shown(each.since) for key, each in told.actions("bo").items()} == {"step": "2026-11-27 12:00"}


def test_an_action_opens_at_the_moment_a_pace_falls_behind():
    text = METRICS + "goals: {plenty: {metric: revenue, window: week, target: 700}}\n"
    text += "actions: {step: {event: asset.viewed, when: {goal: plenty, pace: behind}, again_after: 1d}}"
    told = world(text, "mon bo views; mon 13:00 bo wins amount=350", now="sat")
    assert {key: each.since for key, each in told.actions("bo").items()} == {"step": at("thu 12:00") + 1}


# Time.


def test_windows_have_the_names_and_bounds_of_the_calendar():
    berlin = Calendar("Europe/Berlin", "monday")
    names = [berlin.window(kind, at("2026-11-22 23:30")).name for kind in ("day", "week", "month", "quarter", "year")]
    assert names == ["2026-11-23", "2026-W48", "2026-11", "2026-Q4", "2026"]
    assert Calendar("UTC", "sunday").window("week", at("sun")).name == "2026-11-22w"
    assert berlin.window("week", at("2027-01-02")).name == "2026-W53"
    october = berlin.window("day", at("2026-10-25 12:00"))
    assert (october.end - october.start) // 3_600_000_000 == 25


def test_a_day_begins_at_its_first_instant():
    assert shown(first_instant("America/Santiago", date(2026, 9, 6))) == "2026-09-06 04:00"
    assert stretches("Pacific/Apia", date(2011, 12, 30)) == []
    assert first_instant("Pacific/Apia", date(2011, 12, 30)) == first_instant("Pacific/Apia", date(2011, 12, 31))
