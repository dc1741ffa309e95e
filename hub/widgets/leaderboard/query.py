"""What the leaderboard widget shows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hub.directory import profiles
from hub.gamification.conditions import holds
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.windows import Window
from hub.ledger import reading
from hub.widgets.kit import View, unit_of
from hub.widgets.leaderboard import chosen
from hub.wording import Quantity


@dataclass(frozen=True, slots=True)
class Row:
    """`name` is None where the board shows the viewer none; `apart`: ranks are left out before it."""

    rank: int
    name: str | None
    score: Quantity
    mine: bool
    apart: bool


@dataclass(frozen=True, slots=True)
class Board:
    title: str
    metric: str
    whose: str
    window: Window
    among: str | None
    final: bool
    total: int
    rows: tuple[Row, ...]
    mine: int | None  # the viewer's rank
    can_rank: bool  # whether the board is for the viewer, or for people of her organization
    changed_at: int | None
    recalculating: Fraction | None = None  # how much is done, while a new version of the program takes over
    key: str | None = None  # of its own page; None: it has none


@dataclass(frozen=True, slots=True)
class Values:
    board: Board | None


def query(view: View) -> Values:
    key = chosen(view)
    if key is None or key not in view.program.leaderboards:
        return Values(None)
    limit = view.options.get("show") or view.program.leaderboards[key].show
    standing = reading.board(view.connection, view.version, key, view.member.no, view.now, limit=limit)
    return Values(_board(view, standing) if standing else None)


def _board(view: View, standing: reading.BoardStanding) -> Board:
    declared = view.program.leaderboards[standing.leaderboard]
    metric = view.program.metrics[declared.metric]
    return Board(
        title=view.said(declared.title, declared.key),
        metric=view.said(metric.title, metric.key),
        whose=declared.whose,
        window=standing.window,
        among=standing.among,
        final=standing.final,
        total=standing.total,
        rows=_rows(standing, unit_of(view.program, metric)),
        mine=standing.mine.rank if standing.mine else None,
        can_rank=_can_rank(view, declared),
        changed_at=standing.changed_at,
        recalculating=standing.recalculating,
        key=declared.key,
    )


def _can_rank(view: View, board: Leaderboard) -> bool:
    person = profiles.of_member(view.connection, view.member.no).at(view.now)
    if board.whose == "member":
        return holds(board.for_, person.values)
    if person.organization is None:
        return False
    firm = profiles.of_organization(view.connection, person.organization).at(view.now)
    return holds(board.for_, firm.values)


def _rows(standing: reading.BoardStanding, unit: str | None) -> tuple[Row, ...]:
    """The top, then those around the viewer that are not in it."""
    last = standing.items[-1].rank if standing.items else 0
    around = _below(standing)
    apart = bool(around) and around[0].rank > last + 1
    top = [Row(row.rank, row.name, Quantity(row.score, unit), row.mine, apart=False) for row in standing.items]
    rest = [
        Row(row.rank, row.name, Quantity(row.score, unit), row.mine, apart=apart and place == 0)
        for place, row in enumerate(around)
    ]
    return (*top, *rest)


def _below(standing: reading.BoardStanding) -> tuple[reading.BoardRow, ...]:
    around = standing.around or ((standing.mine,) if standing.mine else ())
    if any(row.mine for row in standing.items):
        return ()
    listed = {row.id for row in standing.items if row.id is not None}
    last = standing.items[-1].rank if standing.items else 0
    return tuple(row for row in around if row.mine or (row.rank >= last and row.id not in listed))
