"""Acts done once: a request sent again under its `Idempotency-Key` is answered as it was, and does nothing more.

    @bp.post("/adjustments")
    @requires_scope("awards:write")
    @describe("...", ..., headers=HEADER)
    @act(answer)
    def adjust(connection: Connection) -> int: ...

The view enters the act into the log, in the transaction it is given, and says which entry it is; `answer` tells, after
the commit, what came of that entry. With a key the act leaves a row in its own transaction: whatever dies between act
and answer, whoever asks again finds the act done. Of several at once the first holds the row, the others wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Response, request
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Row,
    SmallInteger,
    Table,
    Text,
    and_,
    delete,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from hub import clock
from hub.api.answers import MAX_BODY_BYTES
from hub.db import Ordered, db, on_sqlite, transaction
from hub.directory.sets import among
from hub.identity import erasing
from hub.identity.access import current_key
from hub.ledger.redaction import Person
from hub.ledger.tables import entries
from hub.web import FieldFault, Problem, problem

NAME = "Idempotency-Key"
MAX_KEY = 255
#: How routes describe it.
HEADER = {NAME: {"type": "string", "minLength": 1, "maxLength": MAX_KEY}}

KEPT_US = 7 * clock.DAY
FORGOTTEN_A_TIME = 1_000

#: What was wrong with the request itself, or too much at the moment, is no act: it may come again under the same key.
NOT_DONE = frozenset({400, 413, 415, 422, 429})

#: What was asked under a key, by a hash; the entry that it became; its answer, once there was one.
kept_answers = Table(
    "kept_answers",
    db.metadata,
    Column("api_key", Text, ForeignKey("api_keys.id"), primary_key=True),
    Column("key", Ordered, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("entry", BigInteger),
    Column("status", SmallInteger),
    Column("media", Text),
    Column("answer", Text),
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request under its key. `hash` is of method, path and body."""

    api_key: str
    key: str
    hash: str

    @property
    def mine(self) -> ColumnElement[bool]:
        """The row of this key."""
        return and_(kept_answers.c.api_key == self.api_key, kept_answers.c.key == self.key)


def act(answer: Callable[[int], Response]) -> Callable[[Callable[..., int]], Callable[..., Response]]:
    """A route that does something, once a key. `answer` is given the entry that its view enters."""

    def guard(view: Callable[..., int]) -> Callable[..., Response]:
        @wraps(view)
        def guarded(**arguments: Any) -> Response:
            asked = _asked()
            if asked is None:
                with transaction() as connection:
                    entry = view(connection, **arguments)
                return answer(entry)
            with transaction() as connection:
                standing = _once(connection, asked, lambda: view(connection, **arguments))
            return _told(standing) if standing.status else _keep(asked, answer(standing.entry))

        return guarded

    return guard


def _asked() -> _Asked | None:
    """The request under its key; None where it has none."""
    key = request.headers.get(NAME)
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY:
        code, told = "too_long" if key else "missing", f"an {NAME} has 1 to {MAX_KEY} characters"
        raise Problem(422, code, f"{told[:1].upper()}{told[1:]}.", [FieldFault(NAME, code, told)])
    request.max_content_length = MAX_BODY_BYTES
    parts = (request.method.encode(), request.path.encode(), request.get_data())
    # Each hashed by itself: no two requests run together into the same bytes.
    digest = sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()
    return _Asked(current_key().id, key, digest)


def _once(connection: Connection, asked: _Asked, view: Callable[[], int]) -> Row[Any]:
    """What stands under the key: of a request before, or of this one, done now."""
    if _takes(connection, asked):
        connection.execute(update(kept_answers).where(asked.mine).values(_done(connection, view)))
    standing = connection.execute(select(kept_answers).where(asked.mine)).one()
    if standing.hash != asked.hash:
        raise Problem(409, "idempotency", f"Another request came under this {NAME}. Take a new one.")
    return standing


def _takes(connection: Connection, asked: _Asked) -> bool:
    """Whether nobody had the key. Of two at once the second waits here until the first has committed."""
    dialect = sqlite if on_sqlite(connection) else postgresql
    row = dialect.insert(kept_answers).values(api_key=asked.api_key, key=asked.key, hash=asked.hash, at=clock.now())
    taken = row.on_conflict_do_nothing().returning(kept_answers.c.hash)
    return connection.execute(taken).first() is not None


def _done(connection: Connection, view: Callable[[], int]) -> Mapping[str, Any]:
    """The entry that the act became; or its refusal, of which nothing else is left."""
    try:
        with connection.begin_nested():
            return {"entry": view()}
    except Problem as fault:
        if fault.status in NOT_DONE or fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return _row(problem(fault.status, fault.code, fault.detail, fault.errors, fault.headers))


def _keep(asked: _Asked, answer: Response) -> Response:
    """Keep the answer; where somebody was faster, what was answered then is the answer."""
    with transaction() as connection:
        first = and_(asked.mine, kept_answers.c.status.is_(None))
        connection.execute(update(kept_answers).where(first).values(_row(answer)))
        return _told(connection.execute(select(kept_answers).where(asked.mine)).one())


def _row(answer: Response) -> dict[str, Any]:
    return {"status": answer.status_code, "media": answer.content_type, "answer": answer.get_data(as_text=True)}


def _told(standing: Row[Any]) -> Response:
    answer = Response(standing.answer, standing.status, content_type=standing.media)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@erasing.also
def _erase(connection: Connection, person: Person) -> None:
    """Answers about who is erased, or that name her; under their keys the acts could be done once more."""
    t = kept_answers.c
    about = select(entries.c.no).where(among(connection, entries.c.member, person.numbers))
    named = [t.answer.contains(msgspec.json.encode(word).decode(), autoescape=True) for word in person.words]
    keyed = [t.key.contains(word, autoescape=True) for word in person.words if person.is_telling(word)]
    connection.execute(delete(kept_answers).where(or_(t.entry.in_(about), *named, *keyed)))


def forget(now: int) -> None:
    """Delete what was answered long ago, a few rows at a time."""
    t = kept_answers.c
    old = select(t.api_key, t.key).where(t.at < now - KEPT_US).limit(FORGOTTEN_A_TIME)
    while True:
        with transaction() as connection:
            gone = connection.execute(delete(kept_answers).where(tuple_(t.api_key, t.key).in_(old))).rowcount
        if gone < FORGOTTEN_A_TIME:
            return
