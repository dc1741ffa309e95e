"""Next best actions: when each opens, what closes it, and the bonus of who is quick."""

from hub.gamification import opening
from tests.gamification.play import at, play

METRICS = """
metrics:
  deals: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
levels: {starter: {at: 0}, pro: {at: 50}}
badges:
  closer: {when: {metric: deals, at_least: 2}, points: 10}
goals:
  plenty: {metric: revenue, window: week, target: 700}
"""


def action(fields: str) -> str:
    return METRICS + f"actions: {{step: {{event: asset.viewed, {fields}}}}}\n"


def test_an_action_without_condition_is_open_from_the_beginning_until_its_event() -> None:
    text = action("title: Look")
    assert play(text, "mon bo wins").open("bo") == {"step": "2000-01-01 00:00"}
    assert play(text, "mon bo views").open("bo") == {}


def test_it_closes_only_by_an_event_that_fits() -> None:
    text = action("where: {asset: price_list}")
    assert play(text, "mon bo views asset=logo").open("bo") == {"step": "2000-01-01 00:00"}
    assert play(text, "mon bo views asset=price_list").open("bo") == {}


def test_without_again_after_it_opens_once() -> None:
    assert play(action("title: Look"), "mon bo views").open("bo", "mon+500") == {}


def test_again_after_opens_it_that_long_after_it_was_closed() -> None:
    told = play(action("again_after: 2d"), "mon bo views; tue bo views")
    assert told.open("bo", "wed 11:59:59") == {}
    # Tuesday's came while it was not open, and closed nothing.
    assert told.open("bo", "wed 12:00") == {"step": "2026-11-18 12:00"}


def test_idle_opens_it_when_its_event_has_not_come_for_that_long() -> None:
    told = play(action("when: {idle: 3d}, again_after: 1d"), "mon bo views; tue bo views; wed bo wins")
    assert told.open("bo", "fri 11:59:59") == {}
    assert told.open("bo", "fri 12:00") == {"step": "2026-11-20 12:00"}


def test_it_opens_at_the_event_that_makes_its_condition_true() -> None:
    text = action("when: {badge: closer}")
    assert play(text, "mon bo wins").open("bo") == {}
    assert play(text, "mon bo wins; tue bo wins").open("bo") == {"step": "2026-11-17 12:00"}


def test_it_opens_at_the_event_that_brings_a_level() -> None:
    told = play(action("when: {level: pro}").replace("points: 10", "points: 50"), "mon bo wins; tue bo wins")
    assert told.open("bo") == {"step": "2026-11-17 12:00"}
    one = told.people["bo"]
    assert opening.standing(told.plan, one.unpacked(), one.given, told.now) == {"step": at("tue 12:00")}


def test_what_stands_without_its_event_opens_it_from_the_moment_after() -> None:
    told = play(action("when: {badge: closer}"), "mon bo wins; tue bo wins; wed bo reverses of=1; wed bo reverses of=2")
    one = told.people["bo"]
    assert opening.standing(told.plan, one.unpacked(), one.given, told.now) == {"step": at("tue 12:00") + 1}
    # Between two events too, and not from the first of them on.
    told = play(action("when: {badge: closer}"), "mon bo wins; wed bo wins; fri bo visits; fri bo reverses of=2")
    one = told.people["bo"]
    assert opening.standing(told.plan, one.unpacked(), one.given, told.now) == {"step": at("wed 12:00") + 1}


def test_it_stays_open_when_its_condition_no_longer_holds() -> None:
    text = action("when: {metric: deals, at_least: 1, within: day}")
    assert play(text, "mon bo wins; wed bo visits").open("bo") == {"step": "2026-11-16 12:00"}


def test_a_profile_that_comes_into_force_opens_it_at_that_instant() -> None:
    profiles = {"bo": {"": {"tier": "silver"}, "wed 09:00": {"tier": "gold"}}}
    told = play(action("for: {tier: gold}"), "mon bo wins; fri bo wins", profiles=profiles)
    assert told.open("bo") == {"step": "2026-11-18 09:00"}


def test_a_goals_pace_opens_it_at_the_moment_it_falls_behind() -> None:
    text = action("when: {goal: plenty, pace: behind}")
    # 700 a week is 100 a day: 350 by Monday noon last until Thursday noon, to the microsecond after.
    told = play(text, "mon-1 bo wins amount=700; mon-1 bo views; mon bo wins amount=350; sun bo visits")
    assert told.open("bo") == {}
    again = play(action("again_after: 1d, when: {goal: plenty, pace: behind}"),
                 "mon bo views; mon 12:01 bo wins amount=350; sun bo visits")  # fmt: skip
    assert again.open("bo") == {"step": "2026-11-19 12:00"}


def test_a_pace_ahead_opens_it_at_the_event_that_gets_there() -> None:
    told = play(action("when: {goal: plenty, pace: ahead}"), "tue bo wins amount=100; tue 13:00 bo wins amount=200")
    assert told.open("bo") == {"step": "2026-11-17 13:00"}


def test_the_bonus_comes_with_the_event_that_closes_it_in_time() -> None:
    text = action("when: {badge: closer}, bonus: {points: 40, within: 2d}")
    assert play(text, "mon bo wins; tue bo wins; thu bo views").earned("bo") == [("closer", 10), ("step", 40)]
    assert play(text, "mon bo wins; tue bo wins; thu 12:00:01 bo views").earned("bo") == [("closer", 10)]


def test_the_bonus_comes_once_an_opening() -> None:
    text = action("when: {badge: closer}, bonus: {points: 40, within: 2d}, again_after: 3d")
    told = play(text, "mon bo wins; tue bo wins; wed bo views; wed 13:00 bo views; sat bo views; mon+1 bo views")
    assert told.earned("bo") == [("closer", 10), ("step", 40), ("step", 40)]


def test_nobody_gets_a_bonus_for_what_was_open_for_ever() -> None:
    assert play(action("bonus: {points: 40, within: 7d}"), "mon bo views").earned("bo") == []


def test_a_late_event_takes_the_bonus_back() -> None:
    text = action("when: {badge: closer}, bonus: {points: 40, within: 2d}, again_after: 30d")
    told = play(text, "mon bo wins; tue bo wins; wed bo views; tue 13:00 bo views")
    assert told.earned("bo") == [("closer", 10), ("step", 40)]
    assert told.people["bo"].posted.keys() == {"badge/closer/", "action/step/4"}
    told = play(text, "mon bo wins; tue bo wins; thu bo views; sun-1 bo wins; mon 13:00 bo views")
    # With Sunday's deal it was open from Monday on, and closed an hour later.
    assert [(name, amount) for name, amount in told.earned("bo") if name == "step"] == [("step", 40)]
    assert told.level("bo") == "pro"


def test_the_bonus_counts_toward_levels_in_the_same_event() -> None:
    text = action("when: {badge: closer}, bonus: {points: 40, within: 2d}")
    assert play(text, "mon bo wins; tue bo wins").level("bo") == "starter"
    assert play(text, "mon bo wins; tue bo wins; tue 13:00 bo views").level("bo") == "pro"
