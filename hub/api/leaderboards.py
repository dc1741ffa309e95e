"""Leaderboards: who stands where. A key sees all names; one of an organization what its people see."""

from __future__ import annotations

import msgspec
from flask import Response
from sqlalchemy import Connection

from hub import clock
from hub.api import bp, seen
from hub.api.answers import PAGE, Limit, Number, answer, invalid, no_page, plain, query
from hub.api.openapi import describe
from hub.api.seen import READ
from hub.db import reader
from hub.gamification.leaderboards import Leaderboard
from hub.identity.access import current_key, requires_scope
from hub.ledger import boards, former, programs
from hub.ledger.boards import Asked, Asking
from hub.ledger.standings import AROUND, BoardRow, BoardStanding, Version
from hub.web import not_found


class BoardQuery(msgspec.Struct):
    """Without `window` the one that holds now; `around`: the neighbourhood of this member (or organization) too."""

    window: str | None = None
    among: str | None = None
    limit: Limit = PAGE
    cursor: str | None = None
    around: str | None = None


class RankItem(msgspec.Struct):
    """A rank. `id` and `name` are null where the board does not say who it is; `name` alone: the organization's."""

    rank: int
    id: str | None
    name: str | None
    score: Number


class BoardAnswer(msgspec.Struct):
    """`recalculating`: while a new version of the program takes over, how many percent are done; null: none does."""

    leaderboard: str
    window: str
    among: str | None
    final: bool
    total: int
    items: list[RankItem]
    around: list[RankItem]
    next: str | None
    recalculating: int | None


@bp.get("/leaderboards/<key>")
@requires_scope(READ)
@describe("A leaderboard in a window", scope=READ, query=BoardQuery, answers={200: BoardAnswer})
def get_leaderboard(key: str) -> Response:
    asked, now = query(BoardQuery), clock.now()
    try:
        standing = _read(key, asked, now)
    except boards.Unwatched as values:
        former.watch(values.metric, values.window, now)
        standing = _read(key, asked, now)
    return answer(_told(standing))


def _read(key: str, asked: BoardQuery, now: int) -> BoardStanding:
    with reader() as connection:
        version = programs.newest(connection)
        declared = version.program.leaderboards.get(key) if version else None
        if version is None or declared is None:
            raise not_found()
        return _standing(connection, version, declared, _asking(connection, declared, asked.around, now), asked, now)


def _asking(connection: Connection, declared: Leaderboard, around: str | None, now: int) -> Asking:
    key = current_key()
    who = None
    if around is not None:
        find = seen.member if declared.whose == "member" else seen.organization
        who = find(connection, key, around, now).no
    return Asking(who, key.organization, everything=key.organization is None)


def _standing(
    connection: Connection, version: Version, declared: Leaderboard, asking: Asking, asked: BoardQuery, now: int
) -> BoardStanding:
    if declared.among != "all" and asked.among is None and asking.who is None:
        raise invalid("among", "missing", f"among is missing: each {declared.among} has a board of its own")
    if declared.among == "all" and asked.among is not None:
        raise invalid("among", "conflict", "this is one board for all: among is not asked")
    wanted = Asked(asked.window, asked.among, asked.limit, asked.cursor, AROUND, steady=True)
    try:
        standing = boards.standing(connection, version, declared, asking, now, wanted)
    except boards.BadCursor:
        raise no_page() from None
    if standing is None:
        raise invalid("window", "window", "the board has no such window")
    return standing


def _told(standing: BoardStanding) -> BoardAnswer:
    return BoardAnswer(
        standing.leaderboard,
        standing.window.name,
        standing.among,
        standing.final,
        standing.total,
        [_rank(row) for row in standing.items],
        [_rank(row) for row in standing.around],
        standing.next,
        None if standing.recalculating is None else int(standing.recalculating * 100),
    )


def _rank(row: BoardRow) -> RankItem:
    return RankItem(row.rank, row.id, row.name, plain(row.score))
