"""The leaderboard widget: who leads, and where I stand."""

from itertools import count

import pytest

from hub.gamification.windows import Window
from hub.ledger.standings import BoardRow, BoardStanding
from hub.widgets import kit
from hub.widgets.leaderboard.query import _rows, query
from tests.club import Club, publish

NOVEMBER = Window("2026-11", 0, 1)


def test_the_best_come_first_under_the_names_that_the_board_gives_them(club: Club) -> None:
    club.happens("bo", "deal.won", amount=12_000, deal="d-1")
    club.happens("bea", "deal.won", amount=15_000, deal="d-2")
    club.happens("cy", "deal.won", amount=20_000, deal="d-3")
    with club.looks("bo") as view:
        board = query(view).board
    assert board is not None
    assert [(row.rank, row.name, row.mine) for row in board.rows] == [
        (1, "Globex", False),
        (2, "Bea Noor", False),
        (3, "Bo Lind", True),
    ]
    assert (board.mine, board.total, board.final) == (3, 3, False)


def test_an_empty_board_invites(club: Club) -> None:
    with club.looks("bo", leaderboard="top_sellers") as view:
        assert "Nobody is ranked yet" in kit.render(kit.catalogue()["leaderboard"], view).html


FOR_REPS = """
program: {name: Club, time_zone: Europe/Berlin}
events: {deal.won: {attributes: {amount: {type: number, required: true}, deal: {type: text}}}}
metrics: {revenue: {event: deal.won, take: sum, of: amount}}
leaderboards: {sellers: {metric: revenue, window: month, for: {role: sales_rep}}}
"""


@pytest.mark.usefixtures("app")
def test_who_cannot_rank_on_a_board_is_not_told_how(cast: dict[str, int]) -> None:
    publish(FOR_REPS)
    club = Club(cast, count(1))

    def who_is_told(words: str) -> list[str]:
        told = []
        for who in ("bo", "fay"):
            with club.looks(who, leaderboard="sellers") as view:
                if words in kit.render(kit.catalogue()["leaderboard"], view).html:
                    told.append(who)
        return told

    assert who_is_told("Nobody is ranked yet") == ["bo", "fay"]
    assert who_is_told("It could be you") == ["bo"]
    club.happens("bea", "deal.won", amount=100)
    assert who_is_told("You are not ranked yet") == ["bo"]


def row(rank: int, id_: str, *, mine: bool = False) -> BoardRow:
    return BoardRow(rank, 100 - rank, id_, id_.title(), mine)


def test_my_neighbours_come_after_a_gap() -> None:
    around = (row(11, "ida"), row(12, "bo", mine=True), row(13, "kim"))
    standing = BoardStanding("top", NOVEMBER, None, False, 20, (row(1, "ada"), row(2, "cy")), around, around[1])
    rows = _rows(standing, None)
    assert [(one.rank, one.apart) for one in rows] == [(1, False), (2, False), (11, True), (12, False), (13, False)]


def test_neighbours_that_are_in_the_top_already_are_not_repeated() -> None:
    around = (row(2, "cy"), row(3, "bo", mine=True), row(4, "kim"))
    standing = BoardStanding("top", NOVEMBER, None, False, 20, (row(1, "ada"), row(2, "cy")), around, around[1])
    assert [(one.rank, one.apart) for one in _rows(standing, None)] == [(1, False), (2, False), (3, False), (4, False)]


def test_on_the_board_i_need_no_neighbourhood() -> None:
    me = row(2, "bo", mine=True)
    standing = BoardStanding(
        "top", NOVEMBER, None, False, 20, (row(1, "ada"), me), (row(1, "ada"), me, row(3, "kim")), me
    )
    assert [one.rank for one in _rows(standing, None)] == [1, 2]
