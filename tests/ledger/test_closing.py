"""Final windows: what they say does not change, whatever comes later; who won a prize, who stayed below a goal."""

import threading
from itertools import count

import pytest
from flask import Flask, current_app
from sqlalchemy import Connection, select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.ledger import arrivals, boards, digest, log, programs, reading, replay, verify
from hub.ledger.standings import GoalStanding
from hub.ledger.tables import entries, transfers
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-11-23, grace: 72h}
events:
  deal.won: {attributes: {amount: {type: number, required: true}}}
  deal.lost: {attributes: {amount: {type: number}}}
metrics:
  revenue: {event: deal.won, take: sum, of: amount}
  lost: {event: deal.lost, take: count}
badges: {champion: {}, careful: {points: 3}}
goals:
  plenty: {metric: revenue, window: week, target: 1000, for: {role: sales_rep}, reward: {points: 50}}
  few_lost: {metric: lost, window: week, target: 1, direction: at_most, for: {role: sales_rep},
             reward: {points: 7, badge: careful}}
  together: {metric: revenue, window: week, target: 1500, whose: organization}
leaderboards:
  best: {metric: revenue, window: week, for: {role: sales_rep}, among: organization, names: everyone,
         prizes: [{rank: 1, points: 30, badge: champion}, {rank: 2, points: 20}]}
  firms: {metric: revenue, window: week, whose: organization}
"""
#: The week of Monday 23 November ends on Monday the 30th; with 72 h of grace it is final on Thursday 3 December.
WEEK, FINAL = "2026-W48", "2026-12-03T00:00:00+01:00"


@pytest.fixture
def harbor(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    clock.set_source("2026-11-23T07:00:00Z")
    publish(PROGRAM)
    return Club(cast, count(1))


def wins(club: Club, who: str, amount: int, time: str) -> None:
    club.happens(who, "deal.won", time, amount=amount)


def week(club: Club) -> None:
    """Bo and Bea sell for Acme, Cy for Globex; Bo loses two."""
    clock.set_source("2026-11-27T12:00:00Z")
    wins(club, "bo", 600, "2026-11-24T10:00:00+01:00")
    wins(club, "bea", 900, "2026-11-25T10:00:00+01:00")
    wins(club, "bo", 500, "2026-11-26T10:00:00+01:00")
    wins(club, "cy", 100, "2026-11-26T11:00:00+01:00")
    club.happens("bo", "deal.lost", "2026-11-26T12:00:00+01:00", amount=1)
    club.happens("bo", "deal.lost", "2026-11-26T13:00:00+01:00", amount=1)


def goal(club: Club, who: str, key: str) -> GoalStanding | None:
    with club.looks(who) as view:
        found = reading.goals(view.connection, view.version, club.numbers[who], view.now, WEEK)
    return next((one for one in found if one.goal == key), None)


def board(club: Club, key: str = "best", among: str | None = "acme") -> list[tuple[int, str | None, int]]:
    with club.looks("pat") as view:
        found = boards.board(view.connection, view.version, key, None, view.now, window=WEEK, among=among)
    assert found
    return [(row.rank, row.id, int(row.score)) for row in found.items]


def lines(club: Club, who: str) -> list[tuple[str, str, int]]:
    t = transfers.c
    with reader() as connection:
        rows = connection.execute(select(t.kind, t.cause, t.amount).where(t.member == club.numbers[who]).order_by(t.no))
        return [tuple(row) for row in rows]


def sound() -> None:
    assert list(verify.breaches()) == []
    assert list(replay.differences()) == []


def test_a_window_is_open_until_its_grace_is_over(harbor: Club):
    week(harbor)
    clock.set_source("2026-12-02T22:59:59Z")
    harbor.digests()
    standing = goal(harbor, "bo", "plenty")
    assert standing
    assert (standing.status, standing.final) == ("reached", False)
    clock.set_source(FINAL)
    harbor.digests()
    standing = goal(harbor, "bo", "plenty")
    assert standing
    assert (standing.status, standing.final, standing.actual) == ("reached", True, 1100)
    sound()


def test_what_comes_after_the_final_instant_changes_neither_goal_nor_board(harbor: Club):
    week(harbor)
    clock.set_source(FINAL)
    wins(harbor, "bea", 5000, "2026-11-27T10:00:00+01:00")
    assert board(harbor) == [(1, "bo", 1100), (2, "bea", 900)]
    standing = goal(harbor, "bea", "plenty")
    assert standing
    assert (standing.status, standing.actual) == ("missed", 900)
    assert [line for line in lines(harbor, "bea") if line[1].startswith("goal/plenty")] == []
    assert board(harbor, "firms", None) == [(1, "acme", 2000), (2, "globex", 100)]
    sound()


def test_what_came_just_before_the_final_instant_counts(harbor: Club):
    week(harbor)
    clock.set_source("2026-12-02T22:59:59.999999Z")
    sent = "2026-11-27T10:00:00+01:00"
    # In the log, and not digested when the window becomes final.
    add(harbor, "bea", 5000, sent)
    clock.set_source(FINAL)
    add(harbor, "bea", 70_000, sent)
    harbor.digests()
    assert board(harbor) == [(1, "bea", 5900), (2, "bo", 1100)]
    standing = goal(harbor, "bea", "plenty")
    assert standing
    assert (standing.status, standing.actual) == ("reached", 5900)
    sound()


@pytest.mark.parametrize("digested", [True, False])
def test_what_was_final_before_a_version_that_knows_it_no_more_is_closed_whenever_the_digest_comes(
    harbor: Club, digested: bool
):
    week(harbor)
    clock.set_source(FINAL)
    if digested:
        harbor.digests()
    clock.set_source("2026-12-03T08:00:00+01:00")
    publish(PROGRAM.replace("best: {metric: revenue", "other: {metric: revenue").replace("2026-11-23", "2026-12-20"))
    harbor.digests()
    assert ("prize", f"leaderboard/best/best/{WEEK}/acme/bo") in prizes(lines(harbor, "bo"))
    standing = goal(harbor, "bo", "plenty")
    assert standing
    assert (standing.status, standing.final) == ("reached", True)
    sound()


def prizes(some: list[tuple[str, str, int]]) -> list[tuple[str, str]]:
    return [(kind, cause) for kind, cause, _ in some]


def add(club: Club, who: str, amount: int, time: str) -> None:
    """Into the log only."""
    digests, nothing = club.digests, lambda: None
    object.__setattr__(club, "digests", nothing)
    try:
        wins(club, who, amount, time)
    finally:
        object.__setattr__(club, "digests", digests)


def test_prizes_are_given_once_and_tied_members_get_the_whole_prize(harbor: Club):
    week(harbor)
    wins(harbor, "bea", 200, "2026-11-27T10:00:00+01:00")
    clock.set_source(FINAL)
    harbor.digests()
    harbor.digests()
    assert board(harbor) == [(1, "bea", 1100), (1, "bo", 1100)] or board(harbor) == [(1, "bo", 1100), (1, "bea", 1100)]
    for who in ("bo", "bea"):
        prizes = [line for line in lines(harbor, who) if line[0] == "prize"]
        assert [amount for _, _, amount in prizes] == [30]
        with harbor.looks(who) as view:
            held = [
                one.badge
                for one in reading.badges(view.connection, view.version, harbor.numbers[who], view.now)
                if one.awards
            ]
        assert "champion" in held
    with reader() as connection:
        t = entries.c
        won = connection.execute(select(t.id, t.time, t.known_at).where(t.type == "hub.prize.won").order_by(t.id)).all()
    final = clock.instant(FINAL)
    assert [tuple(row) for row in won] == [
        (f"best/{WEEK}/acme/bea", final, final),
        (f"best/{WEEK}/acme/bo", final, final),
        (f"best/{WEEK}/globex/cy", final, final),
    ]
    sound()


def test_a_goal_to_stay_below_is_decided_and_rewarded_at_the_final_instant(harbor: Club):
    week(harbor)
    assert goal(harbor, "bea", "few_lost").status == "open"
    clock.set_source("2026-12-01T00:00:00Z")
    assert goal(harbor, "bea", "few_lost").status == "reached"
    assert [line for line in lines(harbor, "bea") if line[1].startswith("goal/few_lost")] == []
    clock.set_source(FINAL)
    harbor.digests()
    assert [goal(harbor, who, "few_lost").status for who in ("bea", "bo", "cy")] == ["reached", "missed", "reached"]
    assert ("bonus", f"goal/few_lost/{WEEK}", 7) in lines(harbor, "bea")
    assert ("bonus", "badge/careful/", 3) in lines(harbor, "bea")
    assert not [line for line in lines(harbor, "bo") if "few_lost" in line[1]]
    # What comes too late changes nothing, folded from the beginning or not.
    harbor.happens("bea", "deal.lost", "2026-11-24T09:00:00+01:00", amount=1)
    harbor.happens("bea", "deal.lost", "2026-11-24T09:30:00+01:00", amount=1)
    assert goal(harbor, "bea", "few_lost").status == "reached"
    assert [line[2] for line in lines(harbor, "bea") if line[1] == f"goal/few_lost/{WEEK}"] == [7]
    sound()


def test_a_reward_of_a_final_window_stays_when_its_event_would_move(harbor: Club):
    week(harbor)
    clock.set_source(FINAL)
    wins(harbor, "bo", 1000, "2026-11-23T10:00:00+01:00")
    assert [line[2] for line in lines(harbor, "bo") if line[1] == f"goal/plenty/{WEEK}"] == [50]
    sound()


def becomes(who: str, organization: str, valid_from: str, *, listed: bool = True) -> None:
    profile = MemberProfile(who, None, organization, ("sales_rep",), listed=listed)
    with transaction() as connection:
        members.upsert(connection, [MemberRecord(who, profile, (), clock.instant(valid_from))], clock.now())


def test_a_reward_of_a_final_window_stays_when_a_kept_award_comes_due_again(harbor: Club):
    seller = PROGRAM.replace(
        "careful: {points: 3}}", "careful: {points: 3}, seller: {when: {metric: revenue, at_least: 9}}}"
    )
    publish(seller)
    week(harbor)
    clock.set_source("2026-12-10T12:00:00Z")
    harbor.digests()
    before = lines(harbor, "bo")
    publish(seller.replace("at_least: 9", "at_least: 2000"))
    harbor.digests()
    wins(harbor, "bo", 5000, "2026-12-10T10:00:00+01:00")
    assert lines(harbor, "bo") == [*before, ("bonus", "goal/plenty/2026-W50", 50)]
    sound()


def test_a_final_board_goes_by_the_profile_at_the_windows_end_as_it_was_known(harbor: Club):
    week(harbor)
    # Within the grace: Bea had moved to Globex on the last Sunday. Her whole value goes along.
    clock.set_source("2026-12-01T00:00:00Z")
    becomes("bea", "globex", "2026-11-29T00:00:00Z")
    # After the week: Bo moves too, which changes nothing of it.
    becomes("bo", "globex", "2026-11-30T12:00:00Z")
    clock.set_source(FINAL)
    harbor.digests()
    assert board(harbor) == [(1, "bo", 1100)]
    assert board(harbor, among="globex") == [(1, "bea", 900), (2, "cy", 100)]
    # Told too late: that he had left before.
    becomes("bo", "globex", "2026-11-28T00:00:00Z")
    harbor.digests()
    assert board(harbor) == [(1, "bo", 1100)]
    sound()


def test_a_board_goes_by_what_was_known_at_the_final_instant_before_it_is_closed_too(harbor: Club):
    week(harbor)
    clock.set_source("2026-12-03T00:00:00Z")
    becomes("bo", "globex", "2026-11-28T00:00:00Z")
    assert board(harbor) == [(1, "bo", 1100), (2, "bea", 900)]
    harbor.digests()
    assert board(harbor) == [(1, "bo", 1100), (2, "bea", 900)]


def test_who_is_not_listed_leaves_no_gap_and_no_name(harbor: Club):
    week(harbor)
    becomes("bo", "acme", "2026-11-28T00:00:00Z", listed=False)
    clock.set_source(FINAL)
    harbor.digests()
    assert board(harbor) == [(1, "bea", 900)]
    with harbor.looks("bo") as view:
        found = boards.board(view.connection, view.version, "best", harbor.numbers["bo"], view.now, window=WEEK)
    assert found
    assert found.mine
    assert (found.mine.rank, found.mine.id) == (1, "bo")
    assert not [line for line in lines(harbor, "bo") if line[0] == "prize"]
    # Opting out later takes the name off, and leaves the row.
    clock.set_source("2026-12-03T12:00:00Z")
    becomes("bea", "acme", "2026-12-03T10:00:00Z", listed=False)
    harbor.digests()
    assert board(harbor) == [(1, None, 900)]


def test_windows_close_in_the_order_of_their_final_instants_after_a_long_sleep(harbor: Club):
    week(harbor)
    clock.set_source("2026-12-05T00:00:00Z")
    add(harbor, "bo", 3000, "2026-12-01T10:00:00+01:00")
    clock.set_source("2027-01-20T12:00:00Z")
    add(harbor, "bea", 9000, "2026-12-01T10:00:00+01:00")
    harbor.digests()
    with harbor.looks("pat") as view:
        found = boards.board(view.connection, view.version, "best", None, view.now, window="2026-W49", among="acme")
    assert found
    assert found.final
    assert [(row.id, int(row.score)) for row in found.items] == [("bo", 3000)]
    sound()


def test_history_never_becomes_final(harbor: Club):
    clock.set_source("2026-12-20T12:00:00Z")
    wins(harbor, "bo", 600, "2026-11-17T10:00:00+01:00")
    with harbor.looks("pat") as view:
        found = boards.board(view.connection, view.version, "best", None, view.now, window="2026-W47", among="acme")
    assert found
    assert not found.final
    assert [(row.id, int(row.score)) for row in found.items] == [("bo", 600)]


def test_a_board_named_later_is_computed_once_for_what_was_final_and_gives_no_prizes(harbor: Club):
    week(harbor)
    clock.set_source("2026-12-10T12:00:00Z")
    harbor.digests()
    publish(PROGRAM + "  again: {metric: revenue, window: week, prizes: [{rank: 1, points: 1000}]}\n")
    harbor.digests()
    assert board(harbor, "again", None) == [(1, "bo", 1100), (2, "bea", 900), (3, "cy", 100)]
    wins(harbor, "cy", 9000, "2026-11-26T11:00:00+01:00")
    assert board(harbor, "again", None) == [(1, "bo", 1100), (2, "bea", 900), (3, "cy", 100)]
    assert not [line for line in lines(harbor, "bo") if line[2] == 1000]
    sound()


def test_what_comes_after_its_publication_is_not_in_a_board_that_was_final_before(harbor: Club):
    week(harbor)
    clock.set_source("2026-12-10T12:00:00Z")
    harbor.digests()
    again = "again: {metric: revenue, window: week}\n  groups: {metric: revenue, window: week, whose: organization}\n"
    publish(
        PROGRAM.replace(
            "leaderboards:\n", f"  aim: {{metric: revenue, window: week, target: 950}}\nleaderboards:\n  {again}"
        )
    )
    harbor.enters("cy", "deal.won", "2026-11-26T11:00:00+01:00", amount=9000)
    harbor.enters("bea", "deal.won", "2026-11-25T12:00:00+01:00", amount=-50)
    harbor.enters("pat", "deal.won", "2026-11-25T12:00:00+01:00", amount=40)
    harbor.enters("bo", "event.reversed", source="crm", id="1")
    harbor.digests()
    assert board(harbor, "again", None) == [(1, "bo", 1100), (2, "bea", 900), (3, "cy", 100)]
    assert board(harbor, "groups", None) == [(1, "acme", 2000), (2, "globex", 100)]
    assert [goal(harbor, who, "aim").status for who in ("bo", "bea", "cy")] == ["reached", "missed", "missed"]
    sound()


def test_who_is_deactivated_at_the_final_instant_is_left_out(harbor: Club):
    week(harbor)
    with transaction() as connection:
        members.deactivate(connection, harbor.numbers["bo"], "pat", "left", clock.now())
    clock.set_source(FINAL)
    harbor.digests()
    assert board(harbor) == [(1, "bea", 900)]
    with reader() as connection:
        decided = connection.scalars(select(entries.c.subject).where(entries.c.type == "hub.goal.closed")).all()
    assert sorted(decided) == ["bea", "cy"]
    assert digest.pending() is False


def test_an_entry_stamped_before_the_final_instant_and_committed_after_it_counts(harbor: Club, database_url: str):
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one writer at a time")
    week(harbor)
    clock.set_source("2026-12-02T22:59:59.999999Z")
    stamped, go = threading.Event(), threading.Event()

    def slow(app: Flask) -> None:
        with app.app_context(), transaction() as connection:
            sent = {"id": "slow", "source": "crm", "type": "deal.won", "subject": "bea", "data": {"amount": 5000}}
            arrival = arrivals.read(sent | {"time": "2026-11-27T10:00:00+01:00"}, clock.now(), lambda *_: True)
            log.append(connection, [arrival], harbor_types(connection), clock.now())
            stamped.set()
            assert go.wait(10)

    app = current_app._get_current_object()  # type: ignore[attr-defined]
    writer = threading.Thread(target=slow, args=(app,))
    writer.start()
    assert stamped.wait(10)
    clock.set_source(FINAL)
    threading.Timer(0.5, go.set).start()
    harbor.digests()
    writer.join()
    assert board(harbor) == [(1, "bea", 5900), (2, "bo", 1100)]
    sound()


def harbor_types(connection: Connection) -> log.EventTypes:
    newest = programs.newest(connection)
    assert newest
    return newest.program.events
