"""Acts by hand: points given and taken, badges granted and revoked. Who does one sees it: it is answered digested."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from flask import Response
from msgspec import Meta
from sqlalchemy import Connection

from hub import clock
from hub.api import bp, earned, seen, waiting
from hub.api.answers import Moment, answer, body, invalid, moment
from hub.api.earned import AwardItem, TransferItem, transfer
from hub.api.idempotency import HEADER, act
from hub.api.openapi import describe
from hub.db import reader
from hub.directory import lookup
from hub.gamification.faults import Fault
from hub.gamification.numbers import MAX_POINTS
from hub.identity.access import current_key, requires_scope
from hub.ledger import acts, entry, reading
from hub.ledger.arrivals import MAX_TEXT, decode_data
from hub.web import Problem, not_found

WRITE = "awards:write"
WAIT_SECONDS = 3

#: Refusals that depend on how things stand; all others are of what was sent.
CONFLICTS = frozenset({"balance", "already", "revoked"})

_AWARD = re.compile(r"a_(\d{1,18})", re.ASCII)

Name = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Reason = Annotated[str, Meta(min_length=1, max_length=acts.MAX_REASON)]


class Adjustment(msgspec.Struct, forbid_unknown_fields=True):
    """Points given, or below 0 taken. `member`: an id or alias."""

    member: Name
    points: Annotated[int, Meta(ge=-MAX_POINTS, le=MAX_POINTS)]
    reason: Reason


class AdjustmentAnswer(msgspec.Struct):
    """`id` is that of the event, of source `hub`, and the transfer's cause. `transfer` null: it is on its way."""

    id: str
    ref: str
    at: Moment
    member: str
    points: int
    reason: str
    transfer: TransferItem | None


def _adjusted(number: int) -> Response:
    digested = waiting.digested([number], WAIT_SECONDS)
    with reader() as connection:
        done = entry.of_number(connection, number)
        lines = reading.lines_of(connection, number)
    data = decode_data(done.data)
    line = transfer(lines[0]) if digested and lines else None
    told = AdjustmentAnswer(
        done.id, entry.ref(number), moment(done.time), done.subject, data["points"], data["reason"], line
    )
    return answer(told, 201 if line else 202)


@bp.post("/adjustments")
@requires_scope(WRITE)
@describe(
    "Give or take points by hand",
    scope=WRITE,
    body=Adjustment,
    answers={201: AdjustmentAnswer, 202: AdjustmentAnswer},
    headers=HEADER,
)
@act(_adjusted)
def adjust(connection: Connection) -> int:
    asked, now = body(Adjustment), clock.now()
    person = seen.member(connection, current_key(), asked.member, now)
    reason = _reason(asked.reason)
    return _entered(acts.adjust(connection, (person.no, person.id), asked.points, reason, _by(), now))


class Grant(msgspec.Struct, forbid_unknown_fields=True):
    """A badge, or a tier of one with tiers, given by hand. `member`: an id or alias."""

    member: Name
    badge: Name
    reason: Reason
    tier: Name | None = None


class AwardAnswer(msgspec.Struct):
    """What was done to an award. `id` is the award's, as in the list of a member's; of one granted it is null as long
    as it is on its way, and so is `award`.
    """

    id: str | None
    ref: str
    at: Moment
    member: str
    badge: str
    tier: str | None
    reason: str
    award: AwardItem | None


def _granted(number: int) -> Response:
    digested = waiting.digested([number], WAIT_SECONDS)
    with reader() as connection:
        done = entry.of_number(connection, number)
        given = earned.award_of(connection, done) if digested else None
    return answer(_of_award(done, given.id if given else None, given), 201 if digested else 202)


def _of_award(done: entry.Entry, id_: str | None, award: AwardItem | None) -> AwardAnswer:
    data = decode_data(done.data)
    ref, at = entry.ref(done.number), moment(done.time)
    return AwardAnswer(id_, ref, at, done.subject, data["badge"], data.get("tier"), data["reason"], award)


@bp.post("/awards")
@requires_scope(WRITE)
@describe(
    "Grant a badge by hand", scope=WRITE, body=Grant, answers={201: AwardAnswer, 202: AwardAnswer}, headers=HEADER
)
@act(_granted)
def grant(connection: Connection) -> int:
    asked, now = body(Grant), clock.now()
    person = seen.member(connection, current_key(), asked.member, now)
    reason = _reason(asked.reason)
    return _entered(acts.grant(connection, (person.no, person.id), asked.badge, asked.tier, reason, _by(), now))


class Revocation(msgspec.Struct, forbid_unknown_fields=True):
    reason: Reason


def _revoked(number: int) -> Response:
    digested = waiting.digested([number], WAIT_SECONDS)
    with reader() as connection:
        done = entry.of_number(connection, number)
        ended = earned.award_ended_by(connection, number) if digested else None
    return answer(_of_award(done, done.id.replace("revocation/", "a_"), ended), 200 if digested else 202)


@bp.delete("/awards/<award_id>")
@requires_scope(WRITE)
@describe(
    "Revoke an award of a badge by hand",
    scope=WRITE,
    body=Revocation,
    answers={200: AwardAnswer, 202: AwardAnswer},
    headers=HEADER,
)
@act(_revoked)
def revoke(connection: Connection, award_id: str) -> int:
    number, now = _award_seen(connection, award_id), clock.now()
    return _entered(acts.revoke(connection, number, _reason(body(Revocation).reason), _by(), now))


def _award_seen(connection: Connection, award_id: str) -> int:
    """The number of an award of somebody whom the key sees, whether it stands or has ended."""
    found = _AWARD.fullmatch(award_id)
    whose = None if found is None else earned.whose_award(connection, int(found[1]))
    person = None if whose is None else lookup.profile_now(connection, whose, clock.now())
    if found is None or person is None or not seen.sees(current_key(), person):
        raise not_found()
    return int(found[1])


def _reason(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise invalid("reason", "text", "reason is one line of text")
    return text.strip()


def _by() -> str:
    return f"key/{current_key().id}"


def _entered(done: int | Fault) -> int:
    if isinstance(done, int):
        return done
    if done.code in CONFLICTS:
        raise Problem(409, done.code, f"Nothing was changed: {done.message}.")
    raise invalid(done.path, done.code, done.message)
