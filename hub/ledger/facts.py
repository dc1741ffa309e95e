"""Awards as they stand: given, moved with the fold, kept where it no longer derives them, ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, exists, insert, literal, select, update

from hub.gamification.outcome import Award
from hub.gamification.progress import Kept
from hub.ledger import bulk
from hub.ledger.refold import Ended, Folded, fact_of
from hub.ledger.tables import awards, revocations

if TYPE_CHECKING:
    from hub.ledger.folding import Gone, Result

_AWARD = (
    "member", "kind", "badge", "tier", "key", "object", "window", "points", "entry", "time", "source", "id",
    "version", "posted_at",
)  # fmt: skip


def write(connection: Connection, results: Sequence[Result], now: int) -> None:
    """New awards are added; of those that stand, a fold from the beginning moves time and cause, keeps what it does
    not derive, and ends what a reversal, or somebody, took away.
    """
    rows = []
    for result in results:
        given = {one.key: fact_of(one) for one in result.outcome.effects if isinstance(one, Award)}
        standing = _bring_in_line(connection, result.who, result.folded, given, now) if result.folded else set[str]()
        rows += [_row(result.who, fact, now) for key, fact in given.items() if key not in standing]
    bulk.insert(connection, awards, _AWARD, rows)


def hand_over(connection: Connection, gone: Gone, now: int) -> None:
    """The awards of somebody who became part of another are hers, under their numbers; of two of the same the other's
    stands.
    """
    t = awards.c
    standing = {row.key: row for row in connection.execute(select(t.no, t.key).where(t.member == gone.member))}
    for ended in _not_told(connection, gone.member, gone.folded.ended):
        _end(connection, gone.member, ended, standing.get(ended.fact.key), now)
    hers = awards.alias("hers")
    has = exists().where(hers.c.member == gone.into, hers.c.key == t.key)
    connection.execute(update(awards).where(t.member == gone.member, ~has).values(member=gone.into))
    connection.execute(delete(awards).where(t.member == gone.member))


def _row(who: int, fact: Kept, now: int) -> tuple[Any, ...]:
    return (
        who, fact.kind, fact.badge, fact.tier, fact.key, fact.object, fact.window, fact.points,
        fact.entry, *fact.place, fact.version, now,
    )  # fmt: skip


def _bring_in_line(connection: Connection, who: int, folded: Folded, given: dict[str, Kept], now: int) -> set[str]:
    """Bring the standing awards of a member in line with its fold; -> their keys. What is kept of awards that appeared
    on the way is added.
    """
    columns = (awards.c.no, awards.c.key, awards.c.entry, awards.c.kept)
    standing: dict[str, Any] = {
        row.key: row for row in connection.execute(select(*columns).where(awards.c.member == who))
    }
    for ended in _not_told(connection, who, folded.ended):
        _end(connection, who, ended, standing.pop(ended.fact.key, None), now)
    for key, row in standing.items():
        fact, why = (given[key], None) if key in given else (folded.kept[key], folded.reasons.get(key, row.kept))
        if (row.entry, row.kept) != (fact.entry, why):
            connection.execute(update(awards).where(awards.c.no == row.no).values(kept=why, **_cause(fact)))
    for key, fact in folded.kept.items():
        if key not in standing:
            _add(connection, who, fact, now, kept=folded.reasons[key])
    return set(standing)


def _not_told(connection: Connection, who: int, ended: Sequence[Ended]) -> list[Ended]:
    """Without those that ended before: a log that is read once more comes to the same ends."""
    if not ended:
        return []
    rows = connection.execute(select(revocations.c.key, revocations.c.by).where(revocations.c.member == who))
    told = {tuple(row) for row in rows}
    return [one for one in ended if (one.fact.key, one.by) not in told]


def _end(connection: Connection, who: int, ended: Ended, row: Any | None, now: int) -> None:
    """An award that stands no more; it may have come and gone within one batch."""
    number = _add(connection, who, ended.fact, now) if row is None else row.no
    connection.execute(update(awards).where(awards.c.no == number).values(_cause(ended.fact)))
    ending = {"at": ended.at, "by": ended.by, "reason": ended.reason}
    columns = ["award", *_AWARD, *ending]
    copied = select(awards.c.no, *(awards.c[name] for name in _AWARD), *map(literal, ending.values()))
    connection.execute(insert(revocations).from_select(columns, copied.where(awards.c.no == number)))
    connection.execute(delete(awards).where(awards.c.no == number))


def _cause(fact: Kept) -> dict[str, Any]:
    time, source, name = fact.place
    return {"entry": fact.entry, "time": time, "source": source, "id": name}


def _add(connection: Connection, who: int, fact: Kept, now: int, kept: str | None = None) -> int:
    """-> its number."""
    row = dict(zip(_AWARD, _row(who, fact, now), strict=True))
    number = connection.scalar(insert(awards).values(kept=kept, **row).returning(awards.c.no))
    assert number is not None
    return int(number)
