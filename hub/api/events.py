"""Events in, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from flask import Response, request
from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import Connection, select

from hub import clock
from hub.api import bp, cloudevents, waiting
from hub.api.answers import answer as exactly
from hub.api.because import because_json
from hub.api.earned import TransferItem, transfer
from hub.api.openapi import JSON, PROBLEM, describe
from hub.api.openapi import Problem as ProblemShape
from hub.db import reader, transaction
from hub.directory.tables import present
from hub.gamification.events import REVERSED
from hub.gamification.outcome import Skip
from hub.identity.access import current_key, requires_scope
from hub.identity.keys import Key
from hub.ledger import aftermath, arrivals, effects, entry, log, programs, reading, reversals
from hub.ledger.arrivals import HUB, HUB_VISITED, Arrival, Verdict
from hub.web import FieldFault, Problem, not_found, settings
from hub.wording import reasons
from hub.wording.phrases import Speaker

#: Each scope opens its own: reversals, and all other events.
WRITE, REVERSE = "events:write", "events:reverse"

MAX_WAIT_SECONDS = 10
PAGE = 100
MAX_PAGE = 500

Name = Annotated[str, Meta(min_length=1, max_length=arrivals.MAX_TEXT)]
Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class SentEvent(msgspec.Struct):
    """An event as it is sent. Other members are ignored. Only an `event.reversed` needs no `subject`; its `data` is the
    `source` and `id` of the event that it takes back, and perhaps a `reason`.
    """

    id: Name
    source: Name
    type: Name
    time: Moment
    subject: Name | UnsetType = UNSET
    data: dict[str, Any] | UnsetType | None = UNSET
    specversion: Literal["1.0"] | UnsetType = UNSET


class Result(msgspec.Struct):
    """What became of one event. `effects` and `skipped` only where it was waited for."""

    id: str | None
    source: str | None
    status: Literal["accepted", "duplicate", "held", "rejected", "conflict"]
    ref: str | UnsetType = UNSET
    code: str | UnsetType = UNSET
    path: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    effects: list[dict[str, Any]] | UnsetType = UNSET
    skipped: list[dict[str, Any]] | UnsetType = UNSET


class Answer(msgspec.Struct):
    """One result for each event, in the order sent."""

    accepted: int
    duplicates: int
    held: int
    rejected: int
    conflicts: int
    results: list[Result]


class Refusal(ProblemShape, kw_only=True):
    """A problem that carries the answer, where events were looked at and none was taken."""

    accepted: int | UnsetType = UNSET
    duplicates: int | UnsetType = UNSET
    held: int | UnsetType = UNSET
    rejected: int | UnsetType = UNSET
    conflicts: int | UnsetType = UNSET
    results: list[Result] | UnsetType = UNSET


Effects = Mapping[int, tuple[list[dict[str, Any]], list[dict[str, Any]]]]


@bp.post("/events")
@requires_scope(WRITE, REVERSE)
@describe(
    "Send events",
    scope=(WRITE, REVERSE),
    body={
        cloudevents.JSON: SentEvent | list[SentEvent],
        cloudevents.STRUCTURED: SentEvent | list[SentEvent],
        cloudevents.BATCH: list[SentEvent],
    },
    answers={200: Answer, 202: Answer, 409: Refusal, 422: Refusal},
    headers={"Prefer": {"type": "string", "examples": ["wait=5"]}},
)
def send_events() -> Response:
    key = current_key()
    wait = _wait(request.headers.getlist("Prefer"))
    found, many = cloudevents.sent(request)
    if not found:
        raise Problem(422, "missing", "The list holds no event.", [FieldFault("", "missing", "no event was sent")])
    verdicts = take(found, key)
    counts = Counter(verdict.status for verdict in verdicts)
    if not (counts["accepted"] or counts["duplicate"] or counts["held"]):
        return _refusal(verdicts, counts, many)
    effects = _wait_for(verdicts, wait) if wait else None
    status = 202 if effects is None else 200
    return _json(
        _answer(verdicts, counts, effects or {}), status, {"Preference-Applied": f"wait={wait}"} if wait else {}
    )


def take(found: Sequence[tuple[Any, int]], key: Key) -> list[Verdict]:
    """Take what a key's holder sent into the log: one transaction. `found` has each event's size in bytes."""
    now = clock.now()
    trial = settings().env == "test"

    def may_send(source: str, kind: str) -> bool:
        if source == HUB:
            return trial and kind == HUB_VISITED and HUB in key.sources
        return key.may_send(source)

    read = [_scoped(arrivals.read(event, now, may_send, size), key) for event, size in found]
    # On SQLite the write lock is everybody's: what can be looked up before it is taken, is.
    with reader() as connection:
        types = event_types(connection)
        judged = _within(connection, log.judge(connection, read, types), key)
    settled = [one for one in judged if isinstance(one, Verdict)]
    if len(settled) == len(judged):
        return settled
    with transaction() as connection:
        return log.write(connection, judged, types, clock.now())


def _scoped(read: Arrival | Verdict, key: Key) -> Arrival | Verdict:
    """Who may send events may not take any back for that, and the other way round."""
    if isinstance(read, Verdict):
        return read
    needed = REVERSE if read.type == REVERSED else WRITE
    if needed in key.scopes:
        return read
    return _forbidden(read, "type", f"this key lacks the scope {needed}")


def _forbidden(arrival: Arrival, path: str, message: str) -> Verdict:
    return arrivals.rejected({"id": arrival.id, "source": arrival.source}, "forbidden", path, message)


def event_types(connection: Connection) -> log.EventTypes:
    newest = programs.newest(connection)
    return newest.program.events if newest else {}


def _within(connection: Connection, judged: list[log.Judged | Verdict], key: Key) -> list[log.Judged | Verdict]:
    """A key of an organization speaks of that organization and its members only."""
    if key.organization is None:
        return judged
    ours = set(connection.scalars(select(present.c.member).where(present.c.organization == key.organization)))
    return [
        _foreign(one)
        if isinstance(one, log.Judged) and one.member not in ours and one.organization != key.organization
        else one
        for one in judged
    ]


def _foreign(one: log.Judged) -> log.Judged | Verdict:
    if one.arrival.type != REVERSED:
        return _forbidden(one.arrival, "subject", _FOREIGN)
    # Whose event it takes back, only its event tells; what else is wrong with it comes first.
    return one if one.fault else _forbidden(one.arrival, "data.id", _FOREIGN)


_FOREIGN = "this key speaks of its own organization only"


# --------------------------------------------------------------------------------------------------------- answers


def _answer(verdicts: Sequence[Verdict], counts: Counter[str], told: Effects) -> Answer:
    return Answer(
        accepted=counts["accepted"],
        duplicates=counts["duplicate"],
        held=counts["held"],
        rejected=counts["rejected"],
        conflicts=counts["conflict"],
        results=[_result(verdict, told) for verdict in verdicts],
    )


def _result(verdict: Verdict, told: Effects) -> Result:
    status: Any = verdict.status
    if verdict.code is None:
        result = Result(verdict.id, verdict.source, status, entry.ref(verdict.entry))
        if verdict.entry in told:
            result.effects, result.skipped = told[verdict.entry]
        return result
    return Result(
        verdict.id,
        verdict.source,
        status,
        entry.ref(verdict.entry) if verdict.entry else UNSET,
        verdict.code,
        UNSET if verdict.path is None else verdict.path,
        UNSET if verdict.message is None else verdict.message,
    )


def _refusal(verdicts: Sequence[Verdict], counts: Counter[str], many: bool) -> Response:
    """409 where something stands in the way, else 422."""
    status = 409 if counts["conflict"] else 422
    told = "conflict" if counts["conflict"] else "rejected"
    first = next(verdict for verdict in verdicts if verdict.status == told)
    faults = [
        FieldFault(_path(place, verdict.path or "", many), verdict.code or "", verdict.message or "")
        for place, verdict in enumerate(verdicts)
    ]
    answer = _answer(verdicts, counts, {})
    refusal = Refusal(
        "about:blank",
        HTTPStatus(status).phrase,
        status,
        first.code or "",
        f"None of {len(verdicts)} events was taken." if many else f"The event was not taken: {first.message}.",
        faults,
        **msgspec.structs.asdict(answer),
    )
    return _json(refusal, status, {}, PROBLEM)


def _path(place: int, path: str, many: bool) -> str:
    return f"{place}.{path}".rstrip(".") if many else path


def _json(body: Any, status: int, headers: Mapping[str, str], media: str = JSON) -> Response:
    answer = Response(msgspec.json.encode(body), status, content_type=media)
    answer.headers.update(headers)
    answer.headers["Cache-Control"] = "no-store"
    return answer


# --------------------------------------------------------------------------------------------------------- waiting


def _wait(prefer: Collection[str]) -> int:
    """The seconds that `Prefer: wait=N` asks for, at most 10; 0 where it does not, or not in a number."""
    for preference in ",".join(prefer).split(","):
        name, _, value = preference.split(";")[0].partition("=")
        if name.strip().lower() == "wait" and value.strip().isascii() and value.strip().isdigit():
            return min(int(value.strip()[:4]), MAX_WAIT_SECONDS)
    return 0


def _wait_for(verdicts: Sequence[Verdict], seconds: int) -> Effects | None:
    """What these events did, once all accepted ones are digested; None where that takes longer."""
    wanted = {verdict.entry for verdict in verdicts if verdict.status in ("accepted", "duplicate")}
    if not waiting.digested(wanted, seconds):
        return None
    with reader() as connection:
        return effects_of(connection, wanted)


def effects_of(connection: Connection, numbers: Collection[int]) -> Effects:
    """What these entries did, and what they did not do."""
    told = effects.of(connection, numbers, clock.now())
    return {number: _done(connection, told.get(number, effects.Told())) for number in numbers}


def _done(connection: Connection, told: effects.Told) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return (
        [effects.effect_json(effect) for effect in told.effects],
        [_skip(connection, skip) for skip in told.skips],
    )


def _skip(connection: Connection, skip: Skip) -> dict[str, str]:
    program = programs.of_version(connection, skip.version)
    reason = reasons.skipped(Speaker(program), program.rules[skip.rule], skip)
    return {"rule": skip.rule, "code": skip.code, "message": reason.text}


# --------------------------------------------------------------------------------------------------------- reading


class EventQuery(msgspec.Struct):
    source: Name
    id: Name


class LateFor(msgspec.Struct, omit_defaults=True):
    """A window of a goal or leaderboard that was final when the event became known."""

    window: str
    goal: str | UnsetType = UNSET
    leaderboard: str | UnsetType = UNSET


class OtherEvent(msgspec.Struct):
    """An event that is spoken of. `ref` is null where it is not in the log yet."""

    ref: str | None
    source: str
    id: str


class EventAnswer(msgspec.Struct, kw_only=True):
    """An event of the log. `code`, `path`, `message` say what it waits for or why it was refused; `reverses`: what a
    reversal takes back; `reversed_by`: what took this event back; `because`: what made each effect, in their order;
    `late`: what it came too late for; `corrections`: lines that changed since what it gave, oldest first.
    """

    ref: str
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    data: Annotated[msgspec.Raw, Meta(extra_json_schema={"type": "object"})]
    status: Literal["accepted", "held", "rejected"]
    received_at: Moment
    known_at: Moment | None
    reverses: OtherEvent | UnsetType = UNSET
    reversed_by: OtherEvent | UnsetType = UNSET
    code: str | UnsetType = UNSET
    path: str | UnsetType = UNSET
    message: str | UnsetType = UNSET
    effects: list[dict[str, Any]]
    because: list[dict[str, Any] | None]
    skipped: list[dict[str, Any]]
    late: list[LateFor]
    corrections: list[TransferItem]


@bp.get("/events")
@requires_scope("events:read")
@describe("The event with this source and id", scope="events:read", query=EventQuery, answers={200: EventAnswer})
def find_event() -> Response:
    source, key = (_named(name) for name in ("source", "id"))
    with reader() as connection:
        return _told(connection, entry.of_key(connection, source, key))


@bp.get("/events/<ref>")
@requires_scope("events:read")
@describe("The event with this ref", scope="events:read", answers={200: EventAnswer})
def get_event(ref: str) -> Response:
    with reader() as connection:
        return _told(connection, entry.read(connection, ref))


def _named(name: str) -> str:
    value = request.args.get(name, "")
    if not 0 < len(value) <= arrivals.MAX_TEXT:
        code = "too_long" if value else "missing"
        fault = FieldFault(name, code, f"{name} has 1 to {arrivals.MAX_TEXT} characters")
        raise Problem(422, code, "Name the event by its source and id.", [fault])
    return value


def _told(connection: Connection, found: entry.Entry | None) -> Response:
    if found is None or not _may_see(connection, found, current_key()):
        raise not_found()
    told = effects.of(connection, [found.number], clock.now()).get(found.number, effects.Told())
    done, skipped = _done(connection, told)
    corrections = [line for line in reading.lines_of(connection, found.number) if line.kind == "correction"]
    reverses = reversals.taken_back_by(connection, found.number)
    reversed_by = None if reverses else reversals.reversal_of(connection, found.source, found.id)
    answer = EventAnswer(
        ref=entry.ref(found.number),
        id=found.id,
        source=found.source,
        type=found.type,
        subject=found.subject,
        time=arrivals.written(found.time, found.offset),
        data=msgspec.Raw(found.data.encode()),
        status=found.status,
        received_at=arrivals.written(found.received_at, 0),
        known_at=None if found.known_at is None else arrivals.written(found.known_at, 0),
        reverses=_other(reverses),
        reversed_by=_other(reversed_by),
        code=found.code or UNSET,
        path=UNSET if found.path is None else found.path,
        message=UNSET if found.message is None else found.message,
        effects=done,
        because=[because_json(because) for because in told.because],
        skipped=skipped,
        late=_late(connection, found, told, reverses),
        corrections=[transfer(line) for line in corrections],
    )
    return exactly(answer)


def _late(
    connection: Connection, found: entry.Entry, told: effects.Told, reverses: reversals.Other | None
) -> list[LateFor]:
    """What an event came too late for; a reversal for what its event counts in and had come in time for."""
    number = found.number if reverses is None else reverses.number or 0
    plan, event = programs.plan(connection), log.of_entries(connection, [number]).get(number)
    if plan is None or event is None or found.known_at is None:
        return []
    places = aftermath.counts_in(plan, event, told.effects)
    before = [] if reverses is None else aftermath.late_for(connection, places, event.known_at)
    late = aftermath.late_for(connection, places, found.known_at)
    return [LateFor(place.window.name, **{place.kind: place.key}) for place in late if place not in before]


def _other(one: reversals.Other | None) -> OtherEvent | UnsetType:
    if one is None:
        return UNSET
    return OtherEvent(None if one.number is None else entry.ref(one.number), one.source, one.id)


def _may_see(connection: Connection, found: entry.Entry, key: Key) -> bool:
    """A key sees the events of its sources and of its organization."""
    if not key.may_send(found.source):
        return False
    if key.organization is None or found.organization == key.organization:
        return True
    theirs = select(present.c.member).where(
        present.c.member == found.member, present.c.organization == key.organization
    )
    return connection.scalar(theirs) is not None


class HeldQuery(msgspec.Struct):
    cursor: str | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = PAGE


class HeldEvent(msgspec.Struct):
    """An event that waits: `code` says for what kind of thing."""

    ref: str
    id: str
    source: str
    type: str
    subject: str
    time: Moment
    received_at: Moment
    code: str


class HeldAnswer(msgspec.Struct):
    items: list[HeldEvent]
    next: str | None


@bp.get("/held")
@requires_scope("events:read")
@describe("Events that wait, in the order they came", scope="events:read", query=HeldQuery, answers={200: HeldAnswer})
def list_held() -> Response:
    limit, after = _limit(), _cursor()
    with reader() as connection:
        found = _held(connection, after, limit + 1, current_key())
    page = found[:limit]
    following = entry.ref(page[-1].number) if len(found) > limit else None
    return _json(HeldAnswer([_held_event(one) for one in page], following), 200, {})


def _held(connection: Connection, after: int, limit: int, key: Key) -> list[entry.Entry]:
    # Whose an event is that waits for a member nobody knows, nobody can say: a key of an organization sees none.
    if key.organization is not None:
        return []
    return entry.waiting(connection, after, limit, key.sources)


def _held_event(found: entry.Entry) -> HeldEvent:
    return HeldEvent(
        entry.ref(found.number),
        found.id,
        found.source,
        found.type,
        found.subject,
        arrivals.written(found.time, found.offset),
        arrivals.written(found.received_at, 0),
        found.code or "",
    )


def _limit() -> int:
    asked = request.args.get("limit", str(PAGE))
    if asked.isascii() and asked.isdigit() and len(asked) <= 4 and 1 <= int(asked) <= MAX_PAGE:
        return int(asked)
    fault = FieldFault("limit", "type", f"limit is a number from 1 to {MAX_PAGE}")
    raise Problem(422, "type", f"limit is a number from 1 to {MAX_PAGE}.", [fault])


def _cursor() -> int:
    """The entry after which a page begins; 0 for the first."""
    asked = request.args.get("cursor")
    number = 0 if asked is None else entry.number(asked)
    if number is None:
        raise Problem(
            422, "cursor", "No page has this cursor.", [FieldFault("cursor", "cursor", "no page has this cursor")]
        )
    return number
