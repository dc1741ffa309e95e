"""Pauses of streaks. Each is answered when it is digested, so that whoever entered it sees what it does."""

from __future__ import annotations

import msgspec
from flask import Response

from hub import clock
from hub.api import bp, seen, waiting
from hub.api.answers import Date, Moment, answer, body, invalid, moment, refused
from hub.api.openapi import describe
from hub.api.seen import WRITE
from hub.db import reader, transaction
from hub.gamification.faults import Fault
from hub.gamification.windows import ordinal
from hub.identity.access import current_key, requires_scope
from hub.ledger import entry, pauses
from hub.ledger.arrivals import decode_data
from hub.ledger.pauses import Pause, Whom

WAIT_SECONDS = 3


class PauseAsked(msgspec.Struct, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """Dates on the member's calendar, both included. Without `streak`: of all her streaks."""

    first: Date
    last: Date
    streak: str | None = None


class PauseAnswer(msgspec.Struct, rename={"first": "from", "last": "to"}):
    """`id` is that of the event, of source `hub`."""

    id: str
    ref: str
    at: Moment
    member: str
    streak: str | None
    first: Date
    last: Date


@bp.post("/members/<path:member_id>/pauses")
@requires_scope(WRITE)
@describe(
    "Pause a member's streaks",
    scope=WRITE,
    body=PauseAsked,
    answers={200: PauseAnswer, 201: PauseAnswer, 202: PauseAnswer},
)
def pause(member_id: str) -> Response:
    asked, key, now = body(PauseAsked), current_key(), clock.now()
    wanted = Pause(asked.streak, _date("from", asked.first), _date("to", asked.last))
    with transaction() as connection:
        person = seen.member(connection, key, member_id, now)
        whom = Whom(person.no, person.id, person.time_zone)
        entered = pauses.enter(connection, whom, wanted, f"key/{key.id}", now)
        if isinstance(entered, Fault):
            raise refused([entered])
    number, new = entered
    digested = waiting.digested([number], WAIT_SECONDS)
    with reader() as connection:
        done = entry.of_number(connection, number)
    told = decode_data(done.data)
    return answer(
        PauseAnswer(
            done.id, entry.ref(number), moment(done.time), done.subject, told.get("streak"), told["from"], told["to"]
        ),
        (201 if digested else 202) if new else 200,
    )


def _date(name: str, text: str) -> int:
    day = ordinal(text)
    if day is None:
        raise invalid(name, "date", f"{name} is a date, such as 2026-12-24")
    return day
