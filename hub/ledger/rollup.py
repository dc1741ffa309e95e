"""Organizations' values, computed from what their members bring.

A digest never touches what members share: it writes each member's part and says that the organization's value is due.
This step, after the digest, adds the parts up. It locks the organization, so that of two workers the later one always
sees the newer parts.

While a change-over goes on, an organization waits until everybody who ever was its member has been folded with the
newest version: its values stay what they were, and are never added up from parts of two versions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select

from hub import clock, signals
from hub.db import on_sqlite, reader, transaction
from hub.directory.sets import among
from hub.directory.tables import member_profiles, organizations
from hub.gamification import tallies
from hub.gamification.metrics import Metric
from hub.gamification.numbers import Exact
from hub.gamification.outcome import Outcome
from hub.gamification.plan import Plan
from hub.gamification.progress import thawed
from hub.gamification.ranking import order_key
from hub.ledger import bulk, changeover, former, topics
from hub.ledger.tables import organization_parts, organization_values, organizations_due, progress

if TYPE_CHECKING:
    from hub.ledger.folding import Result

ORGANIZATIONS = 50

Key = tuple[int, str, str]  # organization, metric, window

_pack = msgspec.msgpack.Encoder(enc_hook=str).encode
_unpack = msgspec.msgpack.Decoder().decode
_PART = ("organization", "metric", "window", "member", "parts")
_VALUE = ("organization", "metric", "window", "value", "changed_at", "changed_source", "changed_id")


def write(connection: Connection, results: Sequence[Result], again: list[int]) -> None:
    """Write what members bring; whoever was folded from the beginning brings it all anew."""
    due: set[Key] = set()
    if again:
        t = organization_parts.c
        before = connection.execute(
            select(t.organization, t.metric, t.window).where(among(connection, t.member, again))
        )
        due |= {(organization, metric, window) for organization, metric, window in before}
        bulk.clear(connection, organization_parts, again)
    parts = []
    for result in results:
        for key, part in result.outcome.organizations.items():
            due.add(key)
            parts.append((*key, result.who, _pack(part)))
    bulk.insert(connection, organization_parts, _PART, parts, upsert=True)
    bulk.insert(connection, organizations_due, ("organization", "metric", "window"), sorted(due))


def pending(connection: Connection) -> bool:
    return bool(connection.scalar(select(exists(select(organizations_due.c.no)))))


def run(plan: Plan) -> int:
    """Add up the values of organizations that are due, as this plan has them; -> how many values."""
    with reader() as connection:
        if not pending(connection):
            return 0
        # On SQLite one worker writes parts, so they stay as read, and the write lock is only for writing.
        sums = _add_up(connection, plan) if on_sqlite(connection) else None
    if sums is not None and not sums.due:
        return 0
    with transaction() as connection:
        sums = sums or _add_up(connection, plan)
        _write_sums(connection, sums)
        return len(sums.due)


@dataclass(slots=True)
class Sums:
    """Values of organizations: rows to be written and keys without a value, of what was due and as which rows."""

    due: set[Key]
    numbers: list[int]
    rows: list[tuple[Any, ...]]
    gone: list[Key]
    topics: set[str]


def _add_up(connection: Connection, plan: Plan) -> Sums:
    t = organizations_due.c
    newest = plan.newest.number
    organizations = among(connection, t.organization, _due_organizations(connection, newest))
    waiting = connection.execute(select(t.no, t.organization, t.metric, t.window).where(organizations)).all()
    due = {(organization, metric, window) for _, organization, metric, window in waiting}
    rows, gone = _values(connection, plan, due)
    gone += _dropped(connection, plan, {organization for organization, _, _ in due})
    return Sums(due, [row.no for row in waiting], rows, gone, _topics(plan, due))


def _write_sums(connection: Connection, sums: Sums) -> None:
    now = clock.now()
    _keep_former(connection, sums, now)
    bulk.clear_keys(connection, organization_values, _VALUE[:3], sums.gone)
    bulk.insert(connection, organization_values, _VALUE, sums.rows, upsert=True)
    connection.execute(delete(organizations_due).where(among(connection, organizations_due.c.no, sums.numbers)))
    signals.publish(connection, sums.topics, now)


def _keep_former(connection: Connection, sums: Sums, now: int) -> None:
    """Keep what values were that somebody pages through."""
    watched = former.watched(connection, now)
    rows: list[tuple[Key, tuple[Any, ...] | None]] = [(key, None) for key in sums.gone]
    rows += [((organization, metric, window), tuple(value)) for organization, metric, window, *value in sums.rows]
    new = {(-no, metric, window): value for (no, metric, window), value in rows if (metric, window) in watched}
    former.keep(connection, organization_values, new, now)


def _due_organizations(connection: Connection, newest: int) -> list[int]:
    """Some organizations that are due, and wait for nobody to be folded anew, locked."""
    due = select(organizations_due.c.organization).distinct().limit(ORGANIZATIONS)
    if changeover.going_on(connection, newest):
        due = due.where(~_waits(organizations_due.c.organization, newest))
    if on_sqlite(connection):
        return list(connection.scalars(due))
    locked = select(organizations.c.no).where(organizations.c.no.in_(due)).order_by(organizations.c.no)
    return list(connection.scalars(locked.with_for_update(key_share=True)))


def _waits(organization: ColumnElement[int], newest: int) -> ColumnElement[bool]:
    """Whether the organization itself, or somebody who ever was its member, is of an older version."""
    ever = select(member_profiles.c.member).where(
        member_profiles.c.organization == organization, member_profiles.c.member == progress.c.member
    )
    return or_(
        select(progress.c.member).where(progress.c.member == -organization, changeover.older(newest)).exists(),
        select(progress.c.member).where(ever.exists(), changeover.older(newest)).exists(),
    )


def _dropped(connection: Connection, plan: Plan, due: set[int]) -> list[Key]:
    """Values of metrics that no organization has any more."""
    t = organization_values.c
    had = [metric.metric.key for metric in plan.metrics if metric.organization_kinds]
    rows = connection.execute(
        select(t.organization, t.metric, t.window).where(among(connection, t.organization, due), t.metric.not_in(had))
    )
    return [(organization, metric, window) for organization, metric, window in rows]


def _values(connection: Connection, plan: Plan, due: set[Key]) -> tuple[list[tuple[Any, ...]], list[Key]]:
    """Rows of the values that are due, and the keys of those that are none."""
    parts = _parts(connection, due, changeover.mark(plan.newest.number))
    rows: list[tuple[Any, ...]] = []
    gone: list[Key] = []
    for organization, window in {(organization, window) for organization, _, window in due}:
        for metric in plan.metrics:
            if not metric.organization_kinds or not _touched(plan, metric.metric, organization, window, due):
                continue
            found = _value(plan, metric.metric.key, organization, window, parts)
            key = (organization, metric.metric.key, window)
            if found is None:
                gone.append(key)
            else:
                rows.append((*key, order_key(found[0]), *found[1]))
    return rows, gone


def _touched(plan: Plan, metric: Metric, organization: int, window: str, due: set[Key]) -> bool:
    return any((organization, key, window) in due for key in plan.with_parts(metric.key))


def _parts(connection: Connection, due: set[Key], newest: int) -> dict[Key, list[Any]]:
    t = organization_parts.c
    query = (
        select(t.organization, t.metric, t.window, t.parts)
        .where(among(connection, t.organization, {key[0] for key in due}))
        .where(among(connection, t.window, {key[2] for key in due}))
    )
    if connection.scalar(select(exists().where(progress.c.version > 0, progress.c.version != newest))):
        # Of those that are set aside: what an older version made of them may not be of the same kind.
        query = query.join(progress, progress.c.member == t.member).where(progress.c.version == newest)
    rows = connection.execute(query)
    parts: dict[Key, list[Any]] = defaultdict(list)
    for organization, metric, window, packed in rows:
        parts[organization, metric, window].append(_unpack(packed))
    return parts


def values_then(
    connection: Connection, plan: Plan, metric: str, window: str, then: Mapping[int, Outcome]
) -> dict[int, tuple[Exact, Sequence[Any]] | None]:
    """The values that organizations would have, had these brought no more than they do in `then`; of those
    organizations to which any of them brings something.
    """
    t, keys = organization_parts.c, plan.with_parts(metric)
    brings = select(t.organization, t.metric, t.member, t.parts).join(progress, progress.c.member == t.member)
    brings = brings.where(progress.c.version == changeover.mark(plan.newest.number), t.window == window)
    parts: dict[Key, list[Any]] = defaultdict(list)
    touched = set()
    for organization, key, member, packed in connection.execute(brings.where(t.metric.in_(keys))):
        if member in then:
            touched.add(organization)
        else:
            parts[organization, key, window].append(_unpack(packed))
    for outcome in then.values():
        for (organization, key, name), part in outcome.organizations.items():
            if key in keys and name == window:
                touched.add(organization)
                parts[organization, key, window].append(_unpack(_pack(part)))
    return {organization: _value(plan, metric, organization, window, parts) for organization in touched}


def _value(
    plan: Plan, key: str, organization: int, window: str, parts: dict[Key, list[Any]]
) -> tuple[Exact, Sequence[Any]] | None:
    """The organization's value, and the place of the newest event that changed it."""
    found = value_of(plan, key, lambda part: [tally for tally, _ in parts.get((organization, part, window), ())])
    places = [place for part in plan.with_parts(key) for _, place in parts.get((organization, part, window), ())]
    return None if found is None or isinstance(found, str) else (found, max(places))


def value_of(plan: Plan, key: str, tallies_of: Any) -> Exact | str | None:
    """A metric's value from its members' tallies; `tallies_of(key)` gives those of a metric that is not combined."""
    metric = plan.program.metrics[key]
    if not metric.combined:
        if metric.by is not None:
            return _plain(metric, objects_of(metric, tallies_of(key)))
        return tallies.merged(metric.take, [_thawed(metric.take, tally) for tally in tallies_of(key)])
    values: dict[str, Any] = {part: value_of(plan, part, tallies_of) for part in metric.parts}
    if metric.share is not None and metric.share_of is not None:
        return tallies.share(values[metric.share], values[metric.share_of], metric.minimum)
    return tallies.balance([values[part] for part in metric.plus], [values[part] for part in metric.minus])


def objects_of(metric: Metric, parts: Sequence[Mapping[str, Any]]) -> list[tuple[Any, Exact | str | None]]:
    """The objects of a metric, each with the value that all members' parts come to when taken together."""
    found: dict[str, tuple[Any, list[Any]]] = {}
    for part in parts:
        for name, (thing, tally) in part.items():
            found.setdefault(name, (thing, []))[1].append(_thawed(metric.take, tally))
    return [(thing, tallies.merged(metric.take, of_all)) for thing, of_all in found.values()]


def _plain(metric: Metric, objects: Sequence[tuple[Any, Exact | str | None]]) -> Exact | None:
    if not metric.numeric:
        return None
    return tallies.total(
        metric.total, [value for _, value in objects if value is not None and not isinstance(value, str)]
    )


def _thawed(take: str, tally: Any) -> Any:
    return tally if take in ("days", "distinct") else thawed(take, tally)


def _topics(plan: Plan, due: Iterable[Key]) -> set[str]:
    found = {topics.organization(organization) for organization, _, _ in due}
    metrics = {metric for _, metric, _ in due}
    for board in plan.program.leaderboards.values():
        if board.whose == "organization" and metrics & set(plan.with_parts(board.metric)):
            found.add(topics.leaderboard(board.key))
    return found
