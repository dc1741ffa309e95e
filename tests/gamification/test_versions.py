"""Versions: which is in force, what a key keeps across them, and a log that is older than what they declare."""

from dataclasses import replace
from typing import Any

import pytest

from hub.gamification import program
from hub.gamification.events import Event
from hub.gamification.outcome import Award, Points
from hub.gamification.plan import Plan, Version
from hub.gamification.progress import Given
from hub.gamification.versions import in_force
from hub.ledger import refold
from tests.gamification.play import HEAD, at, plan_of, play, shown, timeline, told_events


def rule(award: str, more: str = "") -> str:
    return f"points: {{won: {{event: deal.won, {award}}}}}\n" + more


def stretches(plan: Plan) -> list[tuple[int, str | None]]:
    return [
        (stretch.version.number, shown(stretch.start) if stretch.start > -(2**62) else None)
        for stretch in in_force(plan.versions)
    ]


# Which version is in force.


def test_a_version_that_reaches_back_holds_from_then_on_whatever_was_published_before():
    versions = [rule("award: 1"), "# from thu\n" + rule("award: 10"), "# from tue\n" + rule("award: 100")]
    told = play(versions, "mon bo wins; tue bo wins; wed bo wins; fri bo wins")
    assert [amount for _, amount in told.earned("bo")] == [1, 100, 100, 100]
    assert stretches(told.plan) == [(1, None), (3, "2026-11-17 12:00")]


def test_a_version_that_reaches_back_less_far_leaves_the_time_before_to_the_others():
    plan = plan_of(rule("award: 1"), "# from tue\n" + rule("award: 10"), "# from thu\n" + rule("award: 100"))
    assert stretches(plan) == [(1, None), (2, "2026-11-17 12:00"), (3, "2026-11-19 12:00")]


def test_the_first_version_is_in_force_from_the_beginning():
    assert stretches(plan_of("# from thu\n" + rule("award: 1"))) == [(1, None)]


# What a key keeps.


def test_a_cap_stays_on_the_calendar_of_its_own_version():
    # Kiritimati is 14 hours ahead: by its days the two deals are on one day, by those of UTC on two.
    text = rule("award: 10, cap: {points: 15, per: day}")
    kiritimati = HEAD.replace("UTC", "Pacific/Kiritimati")
    story = "mon 20:00 bo wins; tue 04:00 bo wins"
    assert [amount for _, amount in play(text, story).earned("bo")] == [10, 10]
    assert [amount for _, amount in play(kiritimati + text, story).earned("bo")] == [10, 5]
    later = play([kiritimati + text, "# from wed\n" + HEAD + text], story)
    assert [amount for _, amount in later.earned("bo")] == [10, 5], "a new zone pays nobody for what is past"


def test_a_cap_of_a_version_with_another_calendar_counts_what_was_earned_before():
    text = rule("award: 10, cap: {points: 15, per: day}")
    told = play(
        [HEAD + text, "# from tue\n" + HEAD.replace("UTC", "Pacific/Kiritimati") + text],
        "mon 20:00 bo wins; tue 09:00 bo wins; tue 15:00 bo wins",
    )
    # In UTC Monday and Tuesday; in Kiritimati 10:00 and 23:00 of Tuesday, then Wednesday.
    assert [amount for _, amount in told.earned("bo")] == [10, 10, 10]
    told = play(
        [HEAD + text, "# from tue 08:00\n" + HEAD.replace("UTC", "Pacific/Kiritimati") + text],
        "mon 20:00 bo wins; tue 09:00 bo wins",
    )
    assert [amount for _, amount in told.earned("bo")] == [10, 5]


def test_a_rule_that_was_gone_for_a_while_remembers_what_it_gave():
    once = rule("award: 1, once_per: deal")
    versions = [once, "# from tue\npoints: {}\n", "# from thu\n" + once]
    told = play(versions, "mon bo wins deal=a; wed bo wins deal=b; fri bo wins deal=a; fri bo wins deal=b")
    assert [effect.event.data["deal"] for effect in told.effects("bo")] == ["a", "b"]


# What the log holds was accepted once, and is never rejected later.


METRICS = """
metrics:
  revenue: {event: deal.won, take: sum, of: amount}
  biggest: {event: deal.won, take: max, of: amount}
  mean: {event: deal.won, take: average, of: amount}
  sold: {event: deal.won, take: distinct, of: product, by: deal}
  last: {event: deal.won, take: latest, of: amount}
badges:
  best: {personal_best: {metric: biggest, minimum: 1}}
"""


def events(attributes: str) -> str:
    return f"events: {{deal.won: {{attributes: {attributes}}}}}\n"


def whole(text: str) -> str:
    return HEAD + text


def test_what_came_before_its_attribute_was_declared_is_missing_where_it_does_not_fit():
    award = "award: {points: 1, for_every: 1, of: amount}, where: {amount: {at_least: 1}}"
    declared = whole(events("{amount: {type: number}, product: {type: text}, deal: {type: text}}"))
    told = play(
        [whole(events("{}")), "# from mon\n" + declared + METRICS + rule(award)],
        "tue bo wins amount=lots product=7 deal=true; wed bo wins amount=5 product=box deal=a; thu bo wins amount=7",
    )
    assert told.metric("bo", "revenue") == 12
    assert told.metric("bo", "mean") == 6
    assert told.objects("bo", "sold") == {"a": 1}
    assert told.earned("bo") == [("won", 5), ("won", 7)]
    assert told.badges("bo") == ["best"]


def test_an_attribute_that_becomes_required_is_missing_in_what_came_before():
    versions = [whole(events("{amount: {type: number}}")), whole(events("{amount: {type: number, required: true}}"))]
    metrics = "metrics: {revenue: {event: deal.won, take: sum, of: amount}, deals: {event: deal.won, take: count}}\n"
    told = play([versions[0], "# from wed\n" + versions[1] + metrics], "mon bo wins; tue bo wins amount=5")
    assert (told.metric("bo", "revenue"), told.metric("bo", "deals")) == (5, 2)


def test_events_of_a_type_that_is_dropped_keep_what_they_earned():
    versions = [whole(events("{}") + rule("award: 3")), "# from wed\n" + HEAD + "events: {deal.lost: {}}\n"]
    told = play(versions, "mon bo wins; tue bo wins; thu bo wins")
    assert told.earned("bo") == [("won", 3), ("won", 3)]


# A publication is a place in the log.


def told_log(story: str) -> list[Event]:
    """The log of one person, whose entries are known in the seconds 1, 2, 3..."""
    return [event._replace(known_at=event.entry) for event in told_events(story)["bo"]]


def published(*versions: tuple[str, int]) -> Plan:
    """Versions, each with the number of the entry after which it was published."""
    made = plan_of(*(text for text, _ in versions)).versions
    return Plan([replace(one, published_at=after, after=after) for one, (_, after) in zip(made, versions, strict=True)])


def read(plan: Plan, log: list[Event], known: int = 0) -> refold.Folded:
    """The log read from the start, or where `known` entries were digested before, from there."""
    given = Given(timeline({"": {"role": ("sales_rep",)}}), at("sun+8"), who=1)
    version = plan.versions[0].number
    if not known:
        return refold.again(plan, log, numbers(log), {}, set(), given, version)
    earlier = plan.as_of(plan.number_at(log[known - 1].read))
    before = refold.again(earlier, log[:known], numbers(log), {}, set(), given, version)
    facts = {effect.key: refold.fact_of(effect) for effect in before.outcome.effects if isinstance(effect, Award)}
    facts |= before.kept
    version = plan.number_at(log[known - 1].read)
    return refold.again(plan, log, numbers(log[known:]), facts, set(before.kept), given, version)


def numbers(log: list[Event]) -> set[int]:
    return {event.entry for event in log}


def stands(folded: refold.Folded) -> dict[str, str | None]:
    """Each award, and why it is kept where it is."""
    derived = {effect.key: None for effect in folded.outcome.effects if isinstance(effect, Award)}
    return {**derived, **{key: folded.reasons.get(key) for key in folded.kept}}


DEALS = "metrics: {deals: {event: deal.won, take: count}}\n"


def badge(at_least: int, key: str = "maker", more: str = "") -> str:
    return f"{DEALS}badges: {{{key}: {{when: {{metric: deals, at_least: {at_least}}}{more}}}}}\n"


def test_what_an_entry_earned_before_a_version_dropped_it_is_kept_whenever_it_was_digested():
    log = told_log("mon bo wins; tue bo wins; wed bo wins")
    plan = published((badge(2, more=", points: 7"), 0), (DEALS, 2))
    folded = read(plan, log)
    assert stands(folded) == {"badge/maker/": "version"}
    assert folded.kept["badge/maker/"].entry == 2
    assert folded.kept["badge/maker/"].points == 7
    assert stands(read(published((badge(2), 0), (DEALS, 1)), log)) == {}, "dropped before it was earned"


def test_an_award_that_a_late_entry_took_away_is_kept_for_that():
    counted = "metrics: {open: {event: {deal.won: 1, deal.lost: -1}, take: count}}\n"
    text = counted + "badges: {b: {when: {metric: open, at_least: 2}}}\n"
    log = told_log("tue bo wins; wed bo wins; mon bo loses; fri bo visits")
    assert stands(read(published((text, 0), (counted, 4)), log)) == {"badge/b/": "late"}
    assert stands(read(published((text, 0), (counted, 2)), log)) == {"badge/b/": "version"}


def test_a_version_between_gives_what_it_gives_though_the_next_one_takes_it_back():
    log = told_log("mon bo wins; tue bo wins")
    plan = published((DEALS, 0), (badge(1), 1), (DEALS, 1))
    assert stands(read(plan, log)) == {"badge/maker/": "version"}
    assert stands(read(plan, log, known=1)) == {"badge/maker/": "version"}


def test_a_changed_amount_prices_nobody_again_and_the_award_is_of_the_version_that_gave_it():
    log = told_log("mon bo wins; tue bo wins")
    plan = published((badge(1, more=", points: 5"), 0), (badge(1, more=", points: 50"), 1), (badge(1), 2))
    for known in (0, 1, 2):
        folded = read(plan, log, known)
        [bonus] = [effect for effect in folded.outcome.effects if isinstance(effect, Points)]
        assert (bonus.amount, bonus.version) == (5, 1)


def test_a_badge_of_a_new_version_is_given_at_the_time_at_which_it_was_earned():
    log = told_log("mon bo wins; tue bo wins; wed bo wins")
    folded = read(published((DEALS, 0), (badge(2, more=", points: 9"), 3)), log)
    [award] = [effect for effect in folded.outcome.effects if isinstance(effect, Award)]
    assert (award.event.entry, award.points, award.version) == (2, 9, 2)


def test_a_badge_with_a_loosened_condition_is_the_same_award_earlier():
    log = told_log("mon bo wins; tue bo wins; wed bo wins")
    folded = read(published((badge(3), 0), (badge(1), 3)), log)
    [award] = [effect for effect in folded.outcome.effects if isinstance(effect, Award)]
    assert (award.event.entry, award.version, folded.kept) == (1, 1, {})


def test_a_badge_with_a_harder_condition_is_kept_by_who_has_it():
    log = told_log("mon bo wins; tue bo wins; wed bo wins")
    folded = read(published((badge(1), 0), (badge(9), 3)), log)
    assert stands(folded) == {"badge/maker/": "version"}
    assert folded.kept["badge/maker/"].entry == 1


@pytest.mark.parametrize("known", range(1, 6))
def test_it_does_not_matter_how_much_was_digested_before_a_version_was_published(known: int):
    counted = """
metrics:
  open: {event: {deal.won: 1, deal.lost: -1}, take: count}
  deals: {event: deal.won, take: count}
"""
    first = counted + "badges: {b: {when: {metric: open, at_least: 2}, points: 5}}\n"
    second = counted + (
        "badges: {b: {when: {metric: open, at_least: 1}, points: 9}, c: {when: {metric: deals, at_least: 2}}}\n"
    )
    third = counted + "badges: {c: {when: {metric: deals, at_least: 4}}}\nlevels: {low: {at: 0}, high: {at: 5}}\n"
    log = told_log("tue bo wins; wed bo wins; mon bo loses; sun bo wins; sun-1 bo wins; mon+1 bo loses")
    plan = published((first, 0), (second, 3), (third, 5))

    def all_that_stands(folded: refold.Folded) -> Any:
        posted = {(one.key, one.amount, one.version) for one in folded.outcome.effects if isinstance(one, Points)}
        given = [one for one in folded.outcome.effects if isinstance(one, Award)]
        return folded.kept, posted, {one.key: refold.fact_of(one) for one in given}

    assert all_that_stands(read(plan, log, known)) == all_that_stands(read(plan, log))


def test_a_version_knows_its_place():
    found = program.read(whole(events("{}")), now=0).program
    assert found
    version = Version(1, found, published_at=7, after=3)
    event = Event(0, "crm", "x", "deal.won", 0, {}, entry=3, known_at=7)
    assert event.read <= version.read, "the newest entry of that moment came before it"
    assert event._replace(entry=4).read > version.read
    assert event._replace(entry=9, known_at=6).read < version.read, "known before, seen later"
