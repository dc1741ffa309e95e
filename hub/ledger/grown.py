"""What members had come to at a place in the log that the digest has passed.

Windows that were final when a version first named a goal or a board are computed as of its publication, once everybody
is folded with that version. By then more has come: who is concerned is folded once more, up to that place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection, and_, func, or_, select

from hub import clock
from hub.directory import merges
from hub.gamification.events import MERGED, REVERSED, REVOKED, LogPlace
from hub.gamification.outcome import Outcome
from hub.gamification.plan import Plan
from hub.ledger import folding, refold
from hub.ledger.tables import entries


def outcomes(connection: Connection, plan: Plan, place: LogPlace, until: int) -> Mapping[int, Outcome]:
    """What these had come to by then: members, and organizations (negated), of whom events of before `until` were known
    later than that place, or something that may take such back.
    """
    t = entries.c
    later = or_(t.known_at > place[0], and_(t.known_at == place[0], t.no > place[1]))
    concerned = or_(t.time < until, t.type.in_([REVERSED, REVOKED, MERGED]))
    found = connection.scalars(select(func.coalesce(t.member, -t.organization)).distinct().where(later, concerned))
    whose = {merges.root_of(connection, who) if who > 0 else who for who in found if who is not None}
    return {who: _by(connection, plan, who, place) for who in sorted(whose)}


def _by(connection: Connection, plan: Plan, who: int, place: LogPlace) -> Outcome:
    kept, standing = folding.facts(connection, [who]).get(who, (set(), {}))
    given = folding.standing_given(connection, who, clock.now(), place[0] + 1)
    known = [event for event in folding.known(connection, who) if event.read <= place]
    return refold.again(plan, known, (), standing, kept, replace(given, kept=(), posted={})).outcome
