"""Leaderboards: ranks, neighbours, segments, names, and what is final."""

from itertools import count
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, select

from hub import clock
from hub.db import reader, transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.tables import present
from hub.gamification.ranking import order_key
from hub.ledger import boards, programs
from hub.ledger.boards import Asked, Asking
from hub.ledger.rankings import Listed
from hub.ledger.standings import BoardStanding
from hub.ledger.tables import member_values
from tests.club import Club, publish

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-09-15}
events:
  deal.won: {attributes: {amount: {type: number, required: true}}}
  mdf.spent: {about: organization, attributes: {amount: {type: number, required: true}}}
metrics:
  revenue: {event: deal.won, take: sum, of: amount}
  spent: {event: mdf.spent, take: sum, of: amount}
leaderboards:
  top: {metric: revenue, window: month, show: 3, names: everyone}
  dense: {metric: revenue, window: month, show: 10, ties: dense, names: everyone}
  lowest: {metric: revenue, window: month, direction: lowest, names: everyone}
  strong: {metric: revenue, window: month, minimum: 100, names: everyone}
  regions: {metric: revenue, window: month, among: region, names: everyone}
  reps: {metric: revenue, window: month, for: {role: sales_rep}, names: everyone}
  own: {metric: revenue, window: month}
  masks: {metric: revenue, window: month, names: nobody}
  ever: {metric: revenue, window: all, names: everyone}
  partners: {metric: revenue, window: month, whose: organization}
  partner_regions: {metric: revenue, window: month, whose: organization, among: region}
  spenders: {metric: spent, window: month, whose: organization}
"""

NOVEMBER, OCTOBER = "2026-11", "2026-10"


@pytest.fixture
def harbor(app: Any, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM)
    return Club(cast, count(1))


def sells(club: Club, **amounts: int) -> None:
    """Each wins a deal, one an hour, in the order told."""
    for hour, (who, amount) in enumerate(amounts.items()):
        club.happens(who, "deal.won", f"2026-11-20T{hour:02}:00:00Z", amount=amount)


def board(club: Club, key: str, who: str | None = None, now: str | None = None, **asked: Any) -> BoardStanding:
    with reader() as connection:
        version = programs.newest(connection)
        assert version
        viewer = None if who is None else club.numbers[who]
        at = clock.now() if now is None else clock.instant(now)
        standing = boards.board(connection, version, key, viewer, at, **asked)
        assert standing
        return standing


def ranks(standing: BoardStanding) -> list[tuple[int, str | None]]:
    return [(row.rank, row.id) for row in standing.items]


def test_ties_share_a_rank_and_whose_value_changed_earlier_comes_first(harbor: Club):
    sells(harbor, cy=300, bea=200, bo=200, ada=100)
    assert ranks(board(harbor, "top", limit=10)) == [(1, "cy"), (2, "bea"), (2, "bo"), (4, "ada")]
    assert ranks(board(harbor, "dense")) == [(1, "cy"), (2, "bea"), (2, "bo"), (3, "ada")]


def test_the_lowest_can_be_the_best(harbor: Club):
    sells(harbor, cy=300, bea=-5, bo=200)
    assert ranks(board(harbor, "lowest")) == [(1, "bea"), (2, "bo"), (3, "cy")]


def test_below_the_minimum_nobody_is_ranked(harbor: Club):
    sells(harbor, cy=300, bea=99, bo=100)
    standing = board(harbor, "strong", "bea")
    assert ranks(standing) == [(1, "cy"), (2, "bo")]
    assert standing.total == 2
    assert standing.mine is None
    assert standing.around == ()


def test_a_board_shows_as_many_as_it_says_and_pages_through_all(harbor: Club):
    sells(harbor, cy=300, bea=200, bo=200, ada=200, fay=100)
    first = board(harbor, "top")
    assert (len(first.items), first.total) == (3, 5)
    second = board(harbor, "top", cursor=first.next)
    assert ranks(second) == [(2, "ada"), (5, "fay")]
    assert second.next is None
    assert [rank for rank, _ in ranks(board(harbor, "dense", cursor=first.next))] == [2, 3]


def test_a_cursor_that_no_page_has_is_refused(harbor: Club):
    for cursor in ("x", "", "WyJ4Il0", "å", "W10", "A" * 4000):
        with pytest.raises(boards.BadCursor):
            board(harbor, "top", cursor=cursor)


def test_she_sees_her_row_and_her_neighbours(harbor: Club):
    sells(harbor, cy=500, bea=400, bo=300, ada=200, fay=100)
    standing = board(harbor, "top", "ada", limit=2)
    assert standing.mine
    assert (standing.mine.rank, standing.mine.mine) == (4, True)
    assert [(row.rank, row.id, row.mine) for row in standing.around] == [
        (3, "bo", False),
        (4, "ada", True),
        (5, "fay", False),
    ]
    assert [row.id for row in board(harbor, "top", "cy").around] == ["cy", "bea"]
    assert [row.id for row in board(harbor, "top", "fay").around] == ["ada", "fay"]


def test_who_is_not_listed_leaves_no_gap_and_sees_the_rank_she_would_have(harbor: Club):
    sells(harbor, cy=500, bea=400, bo=300)
    with transaction() as connection:
        profile = MemberProfile("Bea Noor", None, "acme", ("sales_rep",), listed=False)
        members.upsert(connection, [MemberRecord("bea", profile)], clock.now())
    standing = board(harbor, "top", "bea")
    assert ranks(standing) == [(1, "cy"), (2, "bo")]
    assert standing.total == 2
    assert standing.mine
    assert standing.mine.rank == 2
    assert [(row.rank, row.id) for row in standing.around] == [(1, "cy"), (2, "bea"), (2, "bo")]


def test_who_is_deactivated_is_left_out(harbor: Club):
    sells(harbor, cy=500, bo=300)
    with transaction() as connection:
        members.deactivate(connection, harbor.numbers["cy"], "test", None, clock.now())
    assert ranks(board(harbor, "top")) == [(1, "bo")]


def test_names_are_told_as_the_board_says(harbor: Club):
    sells(harbor, cy=500, bea=400, bo=300, fay=200)
    own = [(row.id, row.name, row.shown_as) for row in board(harbor, "own", "bo").items]
    assert own == [
        (None, "Globex", "organization"),
        ("bea", "Bea Noor", "member"),
        ("bo", "Bo Lind", "member"),
        (None, "The vendor", "organization"),
    ]
    masked = [(row.id, row.name, row.shown_as) for row in board(harbor, "masks", "bo").items]
    assert masked == [
        (None, None, "nobody"),
        (None, None, "nobody"),
        ("bo", "Bo Lind", "member"),
        (None, None, "nobody"),
    ]
    assert [row.name for row in board(harbor, "masks").items] == ["Cy Tanaka", "Bea Noor", "Bo Lind", "Fay Okafor"]


def test_of_a_segment_she_sees_her_own(harbor: Club):
    sells(harbor, cy=500, bea=400, bo=300, fay=200)
    assert ranks(board(harbor, "regions", "bo")) == [(1, "bea"), (2, "bo")]
    assert board(harbor, "regions", "bo").among == "emea"
    assert ranks(board(harbor, "regions", "bo", among="apac")) == [(1, "cy")]
    assert board(harbor, "regions", "bo", among="apac").mine is None
    nowhere = board(harbor, "regions", "fay")
    assert (nowhere.among, nowhere.total, nowhere.items) == (None, 0, ())


def test_only_those_whom_the_board_is_for_are_ranked(harbor: Club):
    sells(harbor, ada=500, bea=400, bo=300)
    assert ranks(board(harbor, "reps", "ada")) == [(1, "bea"), (2, "bo")]
    assert board(harbor, "reps", "ada").mine is None


def test_an_ended_window_looks_at_the_profile_at_its_end(harbor: Club):
    clock.set_source("2026-11-03T10:00:00Z")
    harbor.happens("bo", "deal.won", "2026-10-10T10:00:00Z", amount=300)
    harbor.happens("cy", "deal.won", "2026-10-11T10:00:00Z", amount=200)
    harbor.happens("ada", "deal.won", "2026-10-12T10:00:00Z", amount=100)
    with transaction() as connection:
        moved = MemberProfile("Bo Lind", None, "globex", ("marketing",))
        members.upsert(connection, [MemberRecord("bo", moved)], clock.instant("2026-11-02T00:00:00Z"))
    harbor.digests()
    assert ranks(board(harbor, "regions", among="emea", window=OCTOBER)) == [(1, "bo"), (2, "ada")]
    assert ranks(board(harbor, "reps", window=OCTOBER)) == [(1, "bo"), (2, "cy")]
    standing = board(harbor, "regions", "bo", window=OCTOBER)
    assert standing.among == "emea"
    assert standing.mine
    assert standing.mine.rank == 1
    assert ranks(board(harbor, "top", window=OCTOBER)) == [(1, "bo"), (2, "cy"), (3, "ada")]


@pytest.mark.usefixtures("harbor")
def test_a_board_has_windows_of_its_own_kind_only():
    with reader() as connection:
        version = programs.newest(connection)
        assert version
        for window in ("2026-Q4", "all", "2026-13", "x"):
            assert boards.board(connection, version, "top", None, clock.now(), window=window) is None
        assert boards.board(connection, version, "top", None, clock.now(), among="emea") is None
        assert boards.board(connection, version, "gone", None, clock.now()) is None


@pytest.mark.parametrize(
    ("window", "now", "final"),
    [
        (NOVEMBER, "2026-11-23T10:00:00Z", False),
        (NOVEMBER, "2026-12-03T22:59:59Z", False),
        (NOVEMBER, "2026-12-03T23:00:00Z", True),
        ("2026-09", "2026-11-23T10:00:00Z", True),
        ("2026-08", "2026-11-23T10:00:00Z", False),
    ],
)
def test_a_window_is_final_when_its_grace_is_over_unless_it_is_history(
    harbor: Club, window: str, now: str, final: bool
):
    clock.set_source(now)
    harbor.digests()
    assert board(harbor, "top", window=window).final is final


def test_organizations_have_boards_of_their_own(harbor: Club):
    sells(harbor, cy=500, bea=400, bo=300)
    standing = board(harbor, "partners", "bo")
    assert [(row.rank, row.id, row.score, row.mine) for row in standing.items] == [
        (1, "acme", 700, True),
        (2, "globex", 500, False),
    ]
    assert standing.mine
    assert ranks(board(harbor, "partner_regions", "bo")) == [(1, "acme")]
    assert ranks(board(harbor, "partner_regions", among="apac")) == [(1, "globex")]


def test_events_about_an_organization_count_on_its_boards(harbor: Club):
    harbor.happens("globex", "mdf.spent", amount=70)
    harbor.happens("acme", "mdf.spent", amount=80)
    assert [(row.id, row.score) for row in board(harbor, "spenders").items] == [("acme", 80), ("globex", 70)]


# Properties


@pytest.fixture
def crowd(harbor: Club) -> Club:
    """A hundred people, many with equal values."""
    random, now = Random(3), clock.now()
    records = [MemberRecord(f"m{n:03}", MemberProfile(f"M {n}", listed=n % 9 > 0)) for n in range(100)]
    with transaction() as connection:
        members.upsert(connection, records, now)
        numbers = list(connection.scalars(select(present.c.member)))
        rows = [
            {
                "member": no,
                "metric": "revenue",
                "window": NOVEMBER,
                "value": order_key(random.choice([-3, 0, 5, 40, 41])),
                "changed_at": random.randrange(5),
                "changed_source": random.choice(["a", "B"]),
                "changed_id": f"e{no}",
            }
            for no in numbers
        ]
        connection.execute(insert(member_values), rows)
    return harbor


@pytest.mark.parametrize("key", ["top", "dense", "lowest", "strong"])
def test_the_pages_of_any_size_add_up_to_the_whole(crowd: Club, key: str):
    whole = board(crowd, key, limit=500)
    assert whole.total == len(whole.items)
    for size in (1, 7, 50):
        page = board(crowd, key, limit=size)
        rows = list(page.items)
        while page.next:
            page = board(crowd, key, limit=size, cursor=page.next)
            rows += page.items
        assert rows == list(whole.items)


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("key", ["top", "dense", "lowest"])
def test_index_and_memory_rank_alike(key: str):
    with reader() as connection:
        version = programs.newest(connection)
        assert version
        declared, now = version.program.leaderboards[key], clock.now()
        window = version.program.calendar.window("month", now)
        indexed = boards._ranking(connection, declared, window, None, now)
        listed = Listed(indexed.everybody(), indexed.lowest)  # type: ignore[attr-defined]
        assert indexed.counts(None) == listed.counts(None)
        assert listed.counts(None).total < 106
        assert indexed.after(None, 200) == listed.after(None, 200)
        for one in listed.everybody:
            assert indexed.counts(one.stand) == listed.counts(one.stand)
            assert indexed.different(one.stand) == listed.different(one.stand)
            assert indexed.of(one.no) == listed.of(one.no)
            assert indexed.before(one.stand, 3) == listed.before(one.stand, 3)
            assert indexed.after(one.stand, 3) == listed.after(one.stand, 3)


def test_a_key_of_an_organization_sees_what_its_people_see(harbor: Club):
    sells(harbor, cy=500, bo=300)
    with reader() as connection:
        version = programs.newest(connection)
        assert version
        acme = connection.scalar(select(present.c.organization).where(present.c.member == harbor.numbers["bo"]))
        declared = version.program.leaderboards["own"]
        standing = boards.standing(connection, version, declared, Asking(None, acme), clock.now(), Asked())
    assert standing
    assert [(row.id, row.name) for row in standing.items] == [(None, "Globex"), ("bo", "Bo Lind")]
