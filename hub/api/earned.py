"""What a member was given, one by one: awards and ledger lines."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response
from sqlalchemy import Column, Connection, Row, Select, Table, null, select, tuple_, union_all

from hub import clock
from hub.api import bp, seen
from hub.api.answers import Moment, PageQuery, Place, answer, cursor, moment, place, query
from hub.api.openapi import describe
from hub.api.seen import READ
from hub.db import reader
from hub.identity.access import current_key, requires_scope
from hub.ledger import reading
from hub.ledger.arrivals import decode_data
from hub.ledger.entry import Entry
from hub.ledger.standings import Line
from hub.ledger.tables import awards, revocations


class AwardItem(msgspec.Struct):
    """One award. `object` and `window` only of a badge with `repeat`; `kept` says why it stands although the log no
    longer gives it; `revoked` why it stands no more.
    """

    id: str
    badge: str
    tier: str | None
    earned_at: Moment
    object: str | None
    window: str | None
    kept: str | None
    revoked: str | None


class AwardsAnswer(msgspec.Struct):
    items: list[AwardItem]
    next: str | None


@bp.get("/members/<path:member_id>/badges")
@requires_scope(READ)
@describe("A member's awards, oldest first", scope=READ, query=PageQuery, answers={200: AwardsAnswer})
def list_awards(member_id: str) -> Response:
    asked = query(PageQuery)
    after = place(asked.cursor, tuple[Place, Place])
    with reader() as connection:
        person = seen.member(connection, current_key(), member_id, clock.now())
        rows = _awards(connection, person.no, after, asked.limit + 1)
    page = rows[: asked.limit]
    following = cursor((page[-1].time, page[-1].no)) if len(rows) > asked.limit else None
    return answer(AwardsAnswer([_award(row) for row in page], following))


def _awards(connection: Connection, member: int, after: tuple[int, int] | None, limit: int) -> list[Row[Any]]:
    """Those that stand and those that ended, in one order."""
    pages = [
        _page(awards, awards.c.no, member, after, limit),
        _page(revocations, revocations.c.award, member, after, limit),
    ]
    both = union_all(*pages).subquery()
    return list(connection.execute(select(both).order_by(both.c.time, both.c.no).limit(limit)))


def _page(table: Table, number: Column[Any], member: int, after: tuple[int, int] | None, limit: int) -> Select[Any]:
    t = table.c
    ended = table is revocations
    why = (null().label("kept"), t.reason.label("revoked")) if ended else (t.kept, null().label("revoked"))
    columns = (number.label("no"), t.time, t.badge, t.tier, t.object, t.window, *why)
    rows = select(*columns).where(t.member == member, t.kind == "badge").order_by(t.time, number).limit(limit)
    page = rows if after is None else rows.where(tuple_(t.time, number) > tuple_(*after))
    return select(page.subquery())


def award_of(connection: Connection, granted: Entry) -> AwardItem | None:
    """The award that an entry granted; where she had earned it before that was digested, the one that stands."""
    data = decode_data(granted.data)
    t = awards.c
    same = (t.badge == data["badge"], t.tier.is_not_distinct_from(data.get("tier")))
    rows = select(awards, null().label("revoked")).where(t.member == granted.member, t.kind == "badge", *same)
    row = connection.execute(rows.order_by((t.entry == granted.number).desc(), t.no.desc()).limit(1)).first()
    return None if row is None else _award(row)


def award_ended_by(connection: Connection, revocation: int) -> AwardItem | None:
    """The award that an entry ended."""
    t = revocations.c
    columns = (t.award.label("no"), t.time, t.badge, t.tier, t.object, t.window, null().label("kept"))
    row = connection.execute(select(*columns, t.reason.label("revoked")).where(t.by == revocation)).first()
    return None if row is None else _award(row)


def whose_award(connection: Connection, number: int) -> int | None:
    """The member who has, or had, this award of a badge."""
    stand = select(awards.c.member).where(awards.c.no == number, awards.c.kind == "badge")
    ended = select(revocations.c.member).where(revocations.c.award == number, revocations.c.kind == "badge")
    whose: int | None = connection.scalar(union_all(stand, ended))
    return whose


def _award(row: Row[Any]) -> AwardItem:
    return AwardItem(
        f"a_{row.no}", row.badge, row.tier, moment(row.time), row.object, row.window, row.kept, row.revoked
    )


# ----------------------------------------------------------------------------------------------------------- transfers


class Cause(msgspec.Struct):
    kind: str
    key: str


class EventKey(msgspec.Struct):
    source: str
    id: str


class TransferItem(msgspec.Struct):
    """A line of the ledger. `at` is the event's time; of a correction, `event` is the corrected one."""

    id: str
    at: Moment
    posted_at: Moment
    amount: int
    balance: int
    kind: str
    cause: Cause
    version: int
    event: EventKey
    corrects: str | None


class TransfersAnswer(msgspec.Struct):
    items: list[TransferItem]
    next: str | None


@bp.get("/members/<path:member_id>/transfers")
@requires_scope(READ)
@describe("A member's ledger lines, newest first", scope=READ, query=PageQuery, answers={200: TransfersAnswer})
def list_transfers(member_id: str) -> Response:
    asked = query(PageQuery)
    before = place(asked.cursor, Place)
    with reader() as connection:
        person = seen.member(connection, current_key(), member_id, clock.now())
        lines = reading.newest_lines(connection, person.no, asked.limit + 1, before)
    page = lines[: asked.limit]
    following = cursor(page[-1].no) if len(lines) > asked.limit else None
    return answer(TransfersAnswer([transfer(line) for line in page], following))


def transfer(line: Line) -> TransferItem:
    return TransferItem(
        id=f"t_{line.no}",
        at=moment(line.at),
        posted_at=moment(line.posted_at),
        amount=line.amount,
        balance=line.balance,
        kind=line.kind,
        cause=Cause(line.cause, line.key),
        version=line.version,
        event=EventKey(line.event_source, line.event_id),
        corrects=None if line.corrects is None else f"t_{line.corrects}",
    )
