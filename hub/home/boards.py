"""The pages of leaderboards: all of them, and one in a window: who leads, those around me, prizes, final or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection, select

from hub import clock
from hub.db import reader
from hub.directory import lookup, profiles, segments
from hub.directory.tables import assignments
from hub.gamification.conditions import holds
from hub.gamification.explain import Entry
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.windows import Window
from hub.home import current
from hub.home.choosing import Choice, Windows, windows
from hub.identity import Viewer, requires
from hub.identity.access import members_seen, organizations_seen
from hub.ledger import boards, former, programs
from hub.ledger.boards import Asked
from hub.ledger.standings import BoardRow, BoardStanding, Version
from hub.web import not_found
from hub.wording import Quantity
from hub.wording.entries import gift, sentence
from hub.wording.phrases import Speaker

ICON = "trophy"
PAGE = 50
TOP = 3
#: Neighbours on each side of whoever looks.
AROUND = 2
#: How many boards the page of all shows with their first rows; the others it names.
SHOWN = 12

bp = Blueprint("boards", __name__)


@dataclass(frozen=True, slots=True)
class Row:
    """`name` is None where the board tells nobody; `address`: of the scorecard, for whom it is open."""

    rank: int
    name: str | None
    score: Quantity
    mine: bool
    address: str | None


@dataclass(frozen=True, slots=True)
class Mine:
    """Where the viewer, or her organization, stands. `behind`: how much is missing to the rank before."""

    rank: int
    score: Quantity
    behind: Quantity | None
    before: int | None


@dataclass(frozen=True, slots=True)
class Board:
    """A board as it is told to whoever looks. `state`: running, ended (it may still change until `final_at`), final,
    history (it ended before the program began, and is never final).
    """

    key: str
    title: str
    icon: str
    metric: str
    rule: str
    whose: str
    window: Window
    among: str | None
    state: str
    final_at: int
    total: int
    rows: tuple[Row, ...]
    around: tuple[Row, ...]
    mine: Mine | None
    can_rank: bool
    prizes: tuple[tuple[int, str], ...]
    next: str | None
    changed_at: int | None
    recalculating: Fraction | None


@bp.get("/leaderboards")
@requires("leaderboard:see")
def index() -> ResponseReturnValue:
    viewer, now = current.member(), clock.now()
    with reader() as connection:
        version = current.version(connection)
        if version is None:
            return render_template("home/unpublished.html")
        every = list(version.program.leaderboards.values())
        asked = Asked(limit=TOP, around=AROUND)
        found = [_board(connection, version, viewer, one, asked, now) for one in every[:SHOWN]]
    by = Speaker(version.program)
    more = [(one.key, by.of("leaderboards", one.key)) for one in every[SHOWN:]]
    return render_template("home/boards.html", boards=[one for one in found if one], more=more)


@bp.get("/leaderboards/<key>")
@requires("leaderboard:see")
def page(key: str) -> ResponseReturnValue:
    asked = Asked(_arg("window"), _arg("among"), PAGE, _arg("cursor"), AROUND, steady=True)
    try:
        return _page(key, asked)
    except boards.Unwatched as values:
        # Further pages are to be of the same moment, as the API's are.
        former.watch(values.metric, values.window, clock.now())
        return _page(key, asked)
    except boards.BadCursor:
        flash(gettext("That page of the board is no longer kept. This is its top."), "warn")
        return redirect(url_for("boards.page", key=key, window=asked.window, among=asked.among), 303)


def _arg(name: str) -> str | None:
    return request.args.get(name) or None


def _page(key: str, asked: Asked) -> ResponseReturnValue:
    viewer, now = current.member(), clock.now()
    with reader() as connection:
        version = current.version(connection)
        declared = version.program.leaderboards.get(key) if version else None
        if version is None or declared is None:
            raise not_found()
        found = _board(connection, version, viewer, declared, asked, now)
        unknown = found is None
        if found is None:
            found = _board(connection, version, viewer, declared, Asked(limit=PAGE, around=AROUND), now)
            assert found is not None, "the window that holds now is there"
        among = _segments(connection, declared, viewer, found.among, now)
        plan = programs.plan(connection)
    assert plan is not None
    chosen = windows(plan.calendar, declared.window, found.window, now)
    return render_template(
        "home/board.html",
        it=found,
        unknown=unknown,
        first=asked.cursor is None,
        among=among,
        among_name=declared.among,
        windows=chosen,
        links=_links(found, chosen),
    )


def _links(board: Board, chosen: Windows) -> dict[str, str | None]:
    def to(window: Window | None, cursor: str | None = None) -> str | None:
        if window is None:
            return None
        return url_for("boards.page", key=board.key, window=window.name, among=board.among, cursor=cursor)

    following = to(board.window, cursor=board.next) if board.next else None
    return {"before": to(chosen.before), "after": to(chosen.after), "top": to(board.window), "next": following}


# ------------------------------------------------------------------------------------------------------------ one board


def _board(
    connection: Connection, version: Version, viewer: Viewer, declared: Leaderboard, asked: Asked, now: int
) -> Board | None:
    """The board as the viewer may see it. None: it has no such window, or no such `among`."""
    asking = boards.viewing(connection, declared, viewer.no, now)
    standing = boards.standing(connection, version, declared, asking, now, asked)
    if standing is None:
        return None
    by = Speaker(version.program)
    final_at = standing.window.end + version.program.settings.grace
    open_ = _open(connection, declared, viewer, (*standing.items, *standing.around))
    return Board(
        key=declared.key,
        title=by.of("leaderboards", declared.key),
        icon=declared.icon or ICON,
        metric=by.of("metrics", declared.metric),
        rule=sentence(version.program, Entry("leaderboards", declared.key, declared)),
        whose=declared.whose,
        window=standing.window,
        among=standing.among,
        state=_state(version, standing, now),
        final_at=final_at,
        total=standing.total,
        rows=_rows(by, declared, standing.items, open_),
        around=_rows(by, declared, _apart(standing), open_),
        mine=_mine(by, declared, standing),
        can_rank=_can_rank(connection, declared, viewer, now),
        prizes=tuple((prize.rank, gift(by, prize)) for prize in sorted(declared.prizes, key=lambda one: one.rank)),
        next=standing.next,
        changed_at=standing.changed_at,
        recalculating=standing.recalculating,
    )


def _state(version: Version, standing: BoardStanding, now: int) -> str:
    if standing.final:
        return "final"
    if now < standing.window.end:
        return "running"
    return "history" if standing.window.end <= version.live_from else "ended"


def _open(connection: Connection, declared: Leaderboard, viewer: Viewer, rows: Sequence[BoardRow]) -> frozenset[str]:
    """The ids of those whose scorecards the viewer may open."""
    ids = {row.id for row in rows if row.id is not None}
    if declared.whose == "member":
        return members_seen(connection, viewer, "member:see", ids)
    return organizations_seen(connection, viewer, "organization:see", ids)


def _rows(by: Speaker, declared: Leaderboard, rows: Sequence[BoardRow], open_: frozenset[str]) -> tuple[Row, ...]:
    page = "scorecards.member" if declared.whose == "member" else "scorecards.organization"
    return tuple(
        Row(
            row.rank,
            row.name,
            _score(by, declared, row),
            row.mine,
            url_for(page, id_=row.id) if row.id in open_ else None,
        )
        for row in rows
    )


def _score(by: Speaker, declared: Leaderboard, row: BoardRow) -> Quantity:
    return by.quantity(declared.metric, row.score)


def _apart(standing: BoardStanding) -> tuple[BoardRow, ...]:
    """Those around the viewer, where she is not among the rows of this page."""
    return () if any(row.mine for row in standing.items) else standing.around


def _mine(by: Speaker, declared: Leaderboard, standing: BoardStanding) -> Mine | None:
    if standing.mine is None:
        return None
    place = next((at for at, row in enumerate(standing.around) if row.mine), 0)
    above = standing.around[place - 1] if place else None
    behind = None
    if above is not None and above.rank < standing.mine.rank:
        behind = by.quantity(declared.metric, abs(Fraction(above.score) - Fraction(standing.mine.score)))
    return Mine(
        standing.mine.rank, _score(by, declared, standing.mine), behind, above.rank if above and behind else None
    )


def _can_rank(connection: Connection, declared: Leaderboard, viewer: Viewer, now: int) -> bool:
    """Whether the board is for the viewer, or for her organization."""
    if declared.whose == "member":
        return holds(declared.for_, profiles.of_member(connection, viewer.no).at(now).values)
    if viewer.organization is None:
        return False
    return holds(declared.for_, profiles.of_organization(connection, viewer.organization).at(now).values)


def _segments(
    connection: Connection, declared: Leaderboard, viewer: Viewer, chosen: str | None, now: int
) -> list[Choice]:
    """The boards there are beside this one, where each region, tier, type or organization has its own."""
    if declared.among == "all":
        return []
    if declared.among == "organization":
        t = assignments.c
        looked_after = select(t.organization).where(t.member == viewer.no).distinct().limit(segments.MAX_SEGMENTS)
        numbers = [*connection.scalars(looked_after), *([viewer.organization] if viewer.organization else [])]
        found = [(one.id, one.name) for one in lookup.organizations_now(connection, numbers, now).values()]
    else:
        found = [(value, value) for value in segments.known(connection, declared.among)]
    if chosen is not None and chosen not in dict(found):
        found.append((chosen, chosen))
    return [Choice(value, title, value == chosen) for value, title in sorted(found, key=lambda one: one[1].casefold())]
