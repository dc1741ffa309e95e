"""Acts on a member, entered into the log: points given or taken by hand, badges granted and revoked.

An act is an entry of the hub's own and is digested like any other; it names its author and the reason. What a fold
cannot judge is refused here: that it would take what the member does not have, or give what she has, that she is not
active.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, exists, literal, select

from hub.directory import merges
from hub.directory.tables import members
from hub.gamification.events import REVOKED
from hub.gamification.faults import Fault
from hub.ledger import arrivals, log, programs
from hub.ledger.arrivals import MAX_TEXT, decode_data
from hub.ledger.tables import accounts, awards, entries
from hub.signals import queue

ADJUSTED, GRANTED = "hub.points.adjusted", "hub.badge.granted"

MAX_REASON = 500
_TOKEN_BYTES = 8

#: A member: number and id.
Whom = tuple[int, str]


def adjust(connection: Connection, whom: Whom, points: int, reason: str, by: str, now: int) -> int | Fault:
    """Give a member points, or take some; -> the entry."""
    if points == 0:
        return Fault("points", "nothing", "an adjustment of 0 points is none")
    if points < 0 and _spendable(connection, whom[0]) + points < 0:
        return Fault("points", "balance", "the balance would go below zero")
    data = {"points": points, "reason": reason, "by": by}
    return _enter(connection, whom, ADJUSTED, _some("adjustment", whom), data, now)


def _spendable(connection: Connection, member: int) -> int:
    """A member's balance less what acts still to be digested take."""
    _take_turn(connection, member)
    waiting = queue.join(entries, and_(entries.c.no == queue.c.entry, entries.c.type == ADJUSTED))
    # One statement: between two the digest could move points from the one to the other.
    rows = connection.execute(
        select(accounts.c.balance, entries.c.data)
        .select_from(members.outerjoin(accounts, accounts.c.member == members.c.no))
        .outerjoin(waiting, merges.known_as(queue.c.member, members.c.no))
        .where(members.c.no == member)
    ).all()
    taken: int = sum(min(decode_data(data)["points"], 0) for _, data in rows if data is not None)
    return taken + (rows[0].balance or 0)


def _take_turn(connection: Connection, member: int) -> None:
    """Acts on one member are judged one after another."""
    connection.execute(select(members.c.no).where(members.c.no == member).with_for_update(key_share=True))


def grant(
    connection: Connection, whom: Whom, badge: str, tier: str | None, reason: str, by: str, now: int
) -> int | Fault:
    """Award a badge, or a tier of it, whether or not it is for her and has been earned; -> the entry."""
    plan = programs.plan(connection)
    declared = plan.program.badges.get(badge) if plan else None
    if plan is None or declared is None or declared.state == "draft":
        return Fault("badge", "unknown", f"the program has no badge {badge!r}")
    if declared.state == "locked":
        return Fault("badge", "locked", "the badge is given no more")
    tiers = tuple(one.name for one in declared.tiers)
    if tier not in (tiers or (None,)):
        return Fault("tier", "unknown", f"the badge has the tiers {', '.join(tiers)}" if tiers else "it has no tiers")
    _take_turn(connection, whom[0])
    window = None if declared.window is None else plan.calendar.window(declared.window, now).name
    if not declared.each and _has(connection, whom[0], badge, tier, window):
        return Fault("badge", "already", "the member has it already")
    data = _granted(badge, tier) | {"reason": reason, "by": by}
    return _enter(connection, whom, GRANTED, _some("grant", whom), data, now)


def _granted(badge: str, tier: str | None) -> dict[str, Any]:
    return {"badge": badge} if tier is None else {"badge": badge, "tier": tier}


def _has(connection: Connection, member: int, badge: str, tier: str | None, window: str | None) -> bool:
    """Whether the badge stands, or an act still to be digested grants it."""
    t = awards.c
    same = (t.tier.is_not_distinct_from(tier), t.window.is_not_distinct_from(window))
    if connection.scalar(select(exists().where(t.member == member, t.kind == "badge", t.badge == badge, *same))):
        return True
    waiting = select(entries.c.data).join(queue, queue.c.entry == entries.c.no)
    hers = merges.known_as(queue.c.member, literal(member))
    granted = connection.scalars(waiting.where(hers, entries.c.type == GRANTED))
    return any(_granted(badge, tier).items() <= decode_data(data).items() for data in granted)


def revoke(connection: Connection, number: int, reason: str, by: str, now: int) -> int | Fault:
    """End an award of a badge, with its points; the event that earned it never does so again. -> the entry."""
    t = awards.c
    row = connection.execute(
        select(awards, members.c.id.label("whom")).join(members, members.c.no == t.member).where(t.no == number)
    ).first()
    if row is None:
        return _ENDED
    data = _granted(row.badge, row.tier) | {"award": row.key, "reason": reason, "by": by}
    # An award is numbered once for ever, and so ends once.
    return _enter(connection, (row.member, row.whom), REVOKED, f"revocation/{number}", data, now)


_ENDED = Fault("", "revoked", "the award has ended already")


def _some(about: str, whom: Whom) -> str:
    """An id for one of any number of acts of a kind."""
    member, name = whom
    token = secrets.token_hex(_TOKEN_BYTES)
    id_ = f"{about}/{name}/{token}"
    # A member's id may itself be as long as an entry's: then its number stands for it.
    return id_ if len(id_) <= MAX_TEXT else f"{about}/no/{member}/{token}"


def _enter(connection: Connection, whom: Whom, kind: str, id_: str, data: Mapping[str, Any], now: int) -> int | Fault:
    [verdict] = log.append(connection, [arrivals.own(kind, id_, whom[1], now, data=data)], {}, now)
    if verdict.status in ("duplicate", "conflict"):
        return _ENDED
    if verdict.status != "accepted":
        return Fault("member", "inactive", "the member is not active")
    return verdict.entry
