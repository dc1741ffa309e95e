"""Publishing: what it posts, to whom, and what stays, on both databases."""

from decimal import Decimal
from fractions import Fraction
from itertools import count
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from hub import clock
from hub.db import db, reader, transaction
from hub.gamification import engine
from hub.ledger import arrivals, changeover, digest, log, measuring, programs, reading, replay, rollup, verify
from hub.ledger.changeover import Share
from hub.ledger.measuring import Objects
from hub.ledger.standings import BadgeStanding
from hub.ledger.tables import awards, entries, organization_values, transfers, versions
from tests.club import Club, publish

HEAD = "program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}\n"
EVENTS = "events: {deal.won: {attributes: {amount: {type: number}}}, asset.viewed: {}}\n"
DEALS = """
metrics:
  deals: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
"""
PAYS = "points: {sold: {event: deal.won, award: {points: 1, for_every: 100, of: amount}}}\n"


def program(*sections: str, head: str = HEAD, events: str = EVENTS) -> str:
    return head + events + DEALS + "".join(sections)


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    publish(program(PAYS))
    return Club(cast, count(1))


def sent(club: Club, who: str, kind: str = "deal.won", time: str = "2026-11-20T09:30:00+01:00", **data: Any) -> None:
    """In the log, and not digested."""
    event = {"id": str(next(club.ids)), "source": "crm", "type": kind, "subject": who, "time": time, "data": data}
    arrival = arrivals.read(event, clock.now(), lambda *_: True)
    with transaction() as connection:
        version = programs.newest(connection)
        assert version
        log.append(connection, [arrival], version.program.events, clock.now())


def sound() -> None:
    assert list(verify.breaches(folds=False)) == []
    assert list(replay.differences()) == []


def balance(club: Club, who: str) -> int:
    with club.looks(who) as view:
        return reading.points(view.connection, view.version, club.numbers[who], view.now).balance


def badges(club: Club, who: str) -> dict[str, BadgeStanding]:
    with club.looks(who) as view:
        found = reading.badges(view.connection, view.version, club.numbers[who], view.now)
    return {standing.badge: standing for standing in found if standing.awards}


def lines(club: Club, who: str) -> list[tuple[str, str, int, int]]:
    query = select(transfers).where(transfers.c.member == club.numbers[who]).order_by(transfers.c.no)
    with reader() as connection:
        rows = connection.execute(query).all()
    return [
        (row.kind, row.cause.rsplit("/", 1)[0], row.amount if row.from_account == 1 else -row.amount, row.version)
        for row in rows
    ]


def test_a_new_badge_is_given_over_the_whole_history_with_its_points(harbor: Club) -> None:
    harbor.happens("bo", "deal.won", "2026-11-02T09:00:00Z", amount=100)
    harbor.happens("bo", "deal.won", "2026-11-03T09:00:00Z", amount=100)
    publish(program(PAYS, "badges: {maker: {when: {metric: deals, at_least: 2}, points: 40}}\n"))
    harbor.digests()
    assert balance(harbor, "bo") == 42
    earned = badges(harbor, "bo")["maker"].awards[0]
    assert earned.earned_at == clock.instant("2026-11-03T09:00:00Z")
    assert lines(harbor, "bo")[-1] == ("bonus", "badge/maker", 40, 2)
    sound()


def test_a_dropped_badge_is_kept_with_its_points_and_says_why(harbor: Club) -> None:
    publish(program(PAYS, "badges: {maker: {when: {metric: deals, at_least: 1}, points: 40}}\n"))
    harbor.happens("bo", "deal.won", amount=100)
    publish(program(PAYS))
    harbor.digests()
    assert badges(harbor, "bo")["maker"].awards[0].kept == "version"
    assert balance(harbor, "bo") == 41
    sound()


def test_what_was_sent_before_a_version_is_judged_by_the_one_before(harbor: Club) -> None:
    publish(program(PAYS, "badges: {maker: {when: {metric: deals, at_least: 1}, points: 40}}\n"))
    sent(harbor, "bo", amount=100)
    publish(program(PAYS))
    sent(harbor, "bea", amount=100)
    harbor.digests()
    assert badges(harbor, "bo")["maker"].awards[0].kept == "version"
    assert badges(harbor, "bea") == {}
    assert (balance(harbor, "bo"), balance(harbor, "bea")) == (41, 1)
    with reader() as connection:
        assert set(connection.scalars(select(awards.c.version))) == {2}
    sound()


def test_points_of_the_past_are_those_of_their_version(harbor: Club) -> None:
    harbor.happens("bo", "deal.won", amount=100)
    publish(program("points: {sold: {event: deal.won, award: {points: 5, for_every: 100, of: amount}}}\n"))
    harbor.happens("bo", "deal.won", "2026-11-19T09:30:00Z", amount=100)
    harbor.happens("bo", "deal.won", "2026-11-23T10:00:00Z", amount=100)
    assert lines(harbor, "bo") == [
        ("points", "rule/sold", 1, 1),
        ("points", "rule/sold", 1, 1),
        ("points", "rule/sold", 5, 2),
    ]
    sound()


def test_a_version_from_an_instant_in_the_past_prices_anew_from_then_on(harbor: Club) -> None:
    for day in ("10", "20", "22"):
        harbor.happens("bo", "deal.won", f"2026-11-{day}T09:00:00Z", amount=100)
    with transaction() as connection:
        text = program("points: {sold: {event: deal.won, award: {points: 5, for_every: 100, of: amount}}}\n")
        since = clock.instant("2026-11-20T09:00:00Z")
        made = programs.publish_text(connection, text, clock.now(), in_force_from=since)
    assert not isinstance(made, list)
    harbor.digests()
    assert balance(harbor, "bo") == 11
    assert lines(harbor, "bo")[3:] == [("correction", "rule/sold", 4, 2)] * 2
    sound()


def test_what_was_held_for_its_type_is_applied_after_the_version_that_declares_it(harbor: Club) -> None:
    harbor.happens("bo", "deal.won", amount=100)
    sent(harbor, "bo", "lead.won")
    sent(harbor, "bea", amount=100)
    text = program(PAYS, events=EVENTS.replace("asset.viewed", "lead.won"))
    text += "badges: {lead: {when: {metric: leads, at_least: 1}}}\n"
    publish(text.replace("metrics:\n", "metrics:\n  leads: {event: lead.won, take: count}\n"))
    harbor.digests()
    assert badges(harbor, "bo").keys() == {"lead"}
    assert balance(harbor, "bea") == 1
    with reader() as connection:
        version = programs.newest(connection)
        assert version
        [held] = connection.execute(select(entries).where(entries.c.type == "lead.won")).all()
        assert (held.known_at, held.no) > version.read
    sound()


def test_a_type_that_is_dropped_and_a_new_requirement_reject_nothing_that_is_in_the_log(harbor: Club) -> None:
    harbor.happens("bo", "asset.viewed")
    harbor.happens("bo", "deal.won")
    harbor.happens("bo", "deal.won", amount=100)
    publish(program(PAYS, events="events: {deal.won: {attributes: {amount: {type: number, required: true}}}}\n"))
    harbor.digests()
    assert balance(harbor, "bo") == 1
    with harbor.looks("bo") as view:
        one = reading._member(view.connection, harbor.numbers["bo"], view.now)
        assert (one.value("deals", "all"), one.value("revenue", "all")) == (2, 100)
    sound()


def test_what_a_type_is_may_not_change_after_it_was_dropped_either(harbor: Club) -> None:
    assert harbor
    publish(program(events="events: {deal.won: {attributes: {amount: {type: number}}}}\n"))
    again = program(events=EVENTS.replace("asset.viewed: {}", "asset.viewed: {about: organization}"))
    with transaction() as connection:
        faults = programs.publish_text(connection, again, clock.now())
    assert isinstance(faults, list)
    assert [fault.path for fault in faults] == ["events.asset.viewed.about"]


def test_two_publications_at_the_same_moment_come_one_after_the_other(harbor: Club, app: Flask) -> None:
    assert harbor
    made: list[Any] = []

    def publishing(badge: str) -> None:
        text = program(PAYS, f"badges: {{{badge}: {{when: {{metric: deals, at_least: 1}}}}}}\n")
        with app.app_context(), transaction() as connection:
            made.append(programs.publish_text(connection, text, clock.now()))

    threads = [Thread(target=publishing, args=(f"b{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(version.number for version in made) == [2, 3, 4, 5]
    with reader() as connection:
        stamps = connection.execute(select(versions.c.published_at).order_by(versions.c.version)).scalars().all()
    assert list(stamps) == sorted(stamps)


def test_a_publication_that_is_rolled_back_leaves_nothing(harbor: Club) -> None:
    wrong = program(PAYS, "badges: {wrong: {when: {metric: deals, at_least: 1}}}\n")
    with db.engine.connect() as connection:
        programs.publish_text(connection, wrong, clock.now())
        connection.rollback()
    publish(program(PAYS, "badges: {right: {when: {metric: deals, at_least: 1}}}\n"))
    harbor.happens("bo", "deal.won", amount=100)
    assert badges(harbor, "bo").keys() == {"right"}


# While a version takes over.


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch folds one member anew."""
    monkeypatch.setattr(digest, "ANEW_SECONDS", 0.0)


@pytest.mark.usefixtures("one_at_a_time")
def test_new_entries_go_first_and_the_others_are_folded_by_and_by(harbor: Club) -> None:
    everybody = ("ada", "bo", "bea", "cy")
    for who in everybody:
        harbor.happens(who, "deal.won", amount=100)
    publish(program(PAYS, "badges: {maker: {when: {metric: deals, at_least: 1}, points: 40}}\n"))
    digest.run()
    done = [who for who in everybody if balance(harbor, who) == 41]
    assert len(done) == 1, "a batch has folded one of them"
    late, other = [who for who in everybody if who not in done][-1], done[0]
    sent(harbor, other, amount=200)
    sent(harbor, late, amount=300)
    digest.run()
    assert balance(harbor, other) == 43, "who is up to date does not wait for the others"
    digest.run()
    assert balance(harbor, late) == 44, "who has new entries is the next of those that are folded anew"
    harbor.digests()
    assert {balance(harbor, who) for who in everybody} == {41, 43, 44}
    sound()


@pytest.mark.usefixtures("one_at_a_time")
def test_who_was_folded_with_an_older_version_is_read_by_the_newest(harbor: Club) -> None:
    for who in ("ada", "bo"):
        harbor.happens(who, "deal.won", "2026-10-20T09:30:00Z", amount=700)
        harbor.happens(who, "deal.won", amount=100)
    sent(harbor, "bo", amount=5000)
    goals = "goals: {month: {metric: revenue, window: month, target: 500}}\nlevels: {low: {at: 0}, high: {at: 5}}\n"
    kinds = program(PAYS, goals).replace("revenue: {event: deal.won, take: sum", "revenue: {event: deal.won, take: max")
    publish(kinds)

    def told(who: str) -> list[Any]:
        with harbor.looks(who) as view:
            asked = (view.connection, view.version, harbor.numbers[who], view.now)
            points = reading.points(*asked)
            goals = (*reading.goals(*asked), *reading.goals(*asked, window="2026-10"))
            return [
                points.earned,
                points.level,
                points.months,
                [(one.actual, one.status, one.reached_at) for one in goals],
            ]

    before = told("bo")
    assert before[0] == 8, "what waits in the queue is not in it"
    assert before[3] == [(100, "open", None), (700, "reached", clock.instant("2026-10-20T09:30:00Z"))]
    assert told("ada") == before
    digest.run()
    digest.run()
    assert told("ada") == before, "nothing changes when she is folded"
    harbor.digests()
    assert told("bo")[0] == 58
    sound()


BY_COURSE = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events: {done: {attributes: {course: {type: text}, module: {type: text}, score: {type: number}}}}
metrics: {learned: {event: done, take: TAKE, by: course}}
badges: {graduate: {when: {metric: learned, at_least: 9}}}
"""


@pytest.mark.usefixtures("one_at_a_time")
def test_objects_are_read_by_the_newest_version_too(app: Flask, cast: dict[str, int]) -> None:
    assert app
    club = Club(cast, count(1))
    publish(BY_COURSE.replace("TAKE", "sum, of: score"))
    for who in ("ada", "bo"):
        for module in ("a", "b"):
            club.happens(who, "done", course="basics", module=module, score=Decimal("1.5"))
    publish(BY_COURSE.replace("TAKE", "distinct, of: module"))
    digest.run()
    for who in ("ada", "bo"):
        with club.looks(who) as view:
            [standing] = reading.badges(view.connection, view.version, cast[who], view.now)
            values = measuring.of_member(view.connection, cast[who], "all", view.now)
        assert standing.next
        assert [(one.actual, one.object) for one in standing.next.requirements] == [(2, "basics")]
        assert values["learned"] == Objects(2, {"basics": 2})


FIRMS = """
leaderboards:
  partners: {metric: revenue, window: all, whose: organization}
  top: {metric: revenue, window: all}
"""


@pytest.mark.usefixtures("one_at_a_time")
def test_an_organization_keeps_its_value_until_all_its_members_are_folded_anew(harbor: Club) -> None:
    publish(program(PAYS, FIRMS))
    for who, amount in (("ada", 100), ("ada", 300), ("bo", 200), ("cy", 70)):
        harbor.happens(who, "deal.won", amount=amount)
    assert scores(harbor) == {"acme": 600, "globex": 70}
    # What a member brings is of another kind from now on.
    publish(program(PAYS, FIRMS).replace("take: sum, of: amount", "take: average, of: amount"))
    seen = []
    with reader() as connection:
        plan = programs.plan(connection)
    assert plan
    while digest.run():
        rollup.run(plan)
        seen.append(scores(harbor)["acme"])
    assert seen[0] == 600
    assert set(seen) == {600, 200}
    assert scores(harbor) == {"acme": 200, "globex": 70}
    sound()


def test_what_somebody_who_was_set_aside_brought_to_an_older_version_is_in_none_of_the_newest(
    harbor: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(program(PAYS, FIRMS))
    harbor.happens("ada", "deal.won", amount=100)
    harbor.happens("bo", "deal.won", amount=200)
    fold = engine.fold

    def fails(plan: Any, state: Any, parts: Any, events: Any, given: Any, *rest: Any) -> Any:
        if given.who == harbor.numbers["bo"]:
            raise ArithmeticError("a poison event")
        return fold(plan, state, parts, events, given, *rest)

    monkeypatch.setattr(engine, "fold", fails)
    publish(program(PAYS, FIRMS).replace("take: sum, of: amount", "take: average, of: amount"))
    harbor.digests()
    assert scores(harbor) == {"acme": 100}
    assert share() is None, "the change-over does not wait for her"
    assert not digest.pending()


def test_values_of_a_metric_that_is_gone_are_gone(harbor: Club) -> None:
    publish(program(PAYS, FIRMS))
    harbor.happens("ada", "deal.won", amount=100)
    publish(program(PAYS))
    harbor.digests()
    with reader() as connection:
        assert connection.execute(select(organization_values)).all() == []


@pytest.mark.usefixtures("one_at_a_time")
def test_boards_say_how_far_a_change_over_is(harbor: Club) -> None:
    publish(program(PAYS, FIRMS))
    for who in ("ada", "bo", "bea", "cy"):
        harbor.happens(who, "deal.won", amount=100)
    assert recalculating(harbor) is None
    publish(program(PAYS, FIRMS))
    # Four members, and nothing of organizations themselves.
    told = [recalculating(harbor)]
    while digest.run():
        told.append(recalculating(harbor))
    assert told[:5] == [Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4), None]


def share() -> Share | None:
    with reader() as connection:
        version = programs.newest(connection)
        assert version
        return changeover.share(connection, version.number)


def recalculating(club: Club) -> Fraction | None:
    with club.looks("bo") as view:
        board = reading.board(view.connection, view.version, "top", None, view.now)
        assert board
        return board.recalculating


def scores(club: Club) -> dict[str | None, Any]:
    with club.looks("bo") as view:
        board = reading.board(view.connection, view.version, "partners", None, view.now, limit=10)
        assert board
        return {row.id: row.score for row in board.items}


def test_a_later_version_has_a_later_place_though_the_clock_stands_still_and_it_releases_what_is_older(
    harbor: Club,
) -> None:
    sent(harbor, "bo", "lead.won")
    harbor.happens("bo", "deal.won", amount=100)
    publish(program(PAYS))
    declared = program(PAYS, events=EVENTS.replace("asset.viewed", "lead.won"))
    declared = declared.replace("metrics:\n", "metrics:\n  leads: {event: lead.won, take: count}\n")
    publish(declared + "badges: {lead: {when: {metric: leads, at_least: 1}}}\n")
    with reader() as connection:
        plan = programs.plan(connection)
    assert plan
    places = [version.read for version in plan.versions]
    assert places == sorted(places)
    harbor.digests()
    assert badges(harbor, "bo").keys() == {"lead"}
    sound()
