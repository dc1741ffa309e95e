"""What a batch's folds came to, written: progress, values, awards, transfers, notices. All within the digest's
transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, and_, case, delete, exists, func, select, true, update

from hub import signals
from hub.db import on_sqlite
from hub.directory import merges
from hub.directory.sets import among
from hub.gamification.outcome import Award, Extended, Paused, Points, Reached
from hub.gamification.plan import Plan
from hub.gamification.ranking import order_key
from hub.ledger import bulk, changeover, facts, feed, folding, former, rollup, topics
from hub.ledger.tables import (
    accounts,
    final_boards,
    final_goals,
    goal_peaks,
    goals_reached,
    member_values,
    progress,
    progress_parts,
    set_aside,
    transfers,
)

#: The account that earned points come from, and that deductions and corrections return to.
ISSUED = 1

#: First words of cause keys that the engine decides.
ENGINE_CAUSES = ("rule", "badge", "goal", "action", "leaderboard", "member")


class Line(NamedTuple):
    """A transfer to be posted: `amount` signed, as the member sees it."""

    member: int
    kind: str
    cause: str
    amount: int
    entry: int
    version: int
    at: int
    corrects: int | None = None


def write(connection: Connection, plan: Plan, batch: folding.Folding, now: int) -> None:
    """Write a batch. The whole of a member that was folded from the beginning replaces what stood."""
    gone = [one for result in batch.results for one in result.joined]
    results = [*(folding.nothing(plan, one.member) for one in gone), *batch.results]
    again = [result.who for result in results if result.folded]
    before = feed.standing(connection, again)
    _progress(connection, plan, results)
    lost = _values(connection, results, now)
    rollup.write(connection, results, again)
    for one in gone:
        facts.hand_over(connection, one, now)
        _hand_over(connection, plan, one)
        merges.leave(connection, one.member)
    facts.write(connection, results, now)
    _goals(connection, results, again)
    lines = {result.who: list(_lines(connection, result)) for result in results}
    _post(connection, [line for some in lines.values() for line in some], now)
    feed.write(connection, plan, results, lines, before, now)
    bulk.clear(connection, progress, [one.member for one in gone])
    if batch.failed:
        bulk.insert(
            connection,
            set_aside,
            ("member", "at", "error"),
            [(who, now, error) for who, error in batch.failed.items()],
            upsert=True,
        )
    signals.publish(connection, _changed(plan, results, lost), now)


def _hand_over(connection: Connection, plan: Plan, gone: folding.Gone) -> None:
    """The places on final boards, and the final goals, of somebody who became part of another: of two the better one
    is hers.
    """
    programs = [version.program for version in plan.versions]
    boards = {key for one in programs for key, board in one.leaderboards.items() if board.whose == "member"}
    theirs, reached = final_boards.alias(), final_goals.alias()
    _keep_better(connection, final_boards.c.who, theirs.c.who, gone, theirs.c.rank < final_boards.c.rank, boards)
    better = (reached.c.status == "reached") & (final_goals.c.status != "reached")
    _keep_better(connection, final_goals.c.member, reached.c.member, gone, better)


def _keep_better(
    connection: Connection,
    owner: Column[Any],
    others: Column[Any],
    gone: folding.Gone,
    better: ColumnElement[bool],
    boards: Collection[str] | None = None,
) -> None:
    """`owner`: whose a row is, and `others` in another look at the same table; `better`: that a row of it is."""
    table, other = owner.table, others.table
    ours = true() if boards is None else table.c.leaderboard.in_(boards)
    same = and_(*(other.c[one.name] == table.c[one.name] for one in table.primary_key if one is not owner))
    connection.execute(
        delete(table).where(owner == gone.into, ours, exists().where(others == gone.member, same, better))
    )
    has = exists().where(others == gone.into, same)
    connection.execute(update(table).where(owner == gone.member, ours, ~has).values({owner.name: gone.into}))


def _progress(connection: Connection, plan: Plan, results: Sequence[folding.Result]) -> None:
    marked = changeover.mark(plan.newest.number)
    rows = [(result.who, marked, result.state) for result in results]
    bulk.insert(connection, progress, ("member", "version", "state"), rows, upsert=True)
    parts = []
    for result in results:
        rows_of_one = [(result.who, name, content) for name, content in result.parts]
        if result.folded:
            bulk.replace(connection, progress_parts, result.who, _PART, rows_of_one)
        else:
            parts += rows_of_one
    bulk.insert(connection, progress_parts, _PART, parts, upsert=True)


_PART = ("member", "part", "content")
_VALUE = ("member", "metric", "window", "value", "changed_at", "changed_source", "changed_id")


def _values(connection: Connection, results: Sequence[folding.Result], now: int) -> set[str]:
    """-> metrics of which a value is gone."""
    _keep_former(connection, results, now)
    rows, gone, lost = [], [], set[str]()
    for result in results:
        values = result.outcome.values.items()
        standing = [
            (result.who, metric, window, order_key(valued.value), *valued.place)
            for (metric, window), valued in values
            if valued is not None
        ]
        if result.folded:
            lost |= {metric for _, metric, _ in bulk.replace(connection, member_values, result.who, _VALUE, standing)}
            continue
        rows += standing
        gone += [(result.who, metric, window) for (metric, window), valued in values if valued is None]
    bulk.clear_keys(connection, member_values, _VALUE[:3], gone)
    bulk.insert(connection, member_values, _VALUE, rows, upsert=True)
    return lost


def _keep_former(connection: Connection, results: Sequence[folding.Result], now: int) -> None:
    """Keep what values were that somebody pages through."""
    watched = former.watched(connection, now)
    new: dict[former.Key, tuple[Any, ...] | None] = {}
    for result in results if watched else ():
        values = result.outcome.values
        for metric, window in watched if result.folded else values.keys() & watched:
            valued = values.get((metric, window))
            new[result.who, metric, window] = None if valued is None else (order_key(valued.value), *valued.place)
    former.keep(connection, member_values, new, now)


def _goals(connection: Connection, results: Sequence[folding.Result], again: list[int]) -> None:
    bulk.clear(connection, goals_reached, again)
    rows = [
        (result.who, effect.goal, effect.window, effect.event.entry, *effect.event.place, effect.points, effect.badge)
        for result in results
        for effect in result.outcome.effects
        if isinstance(effect, Reached)
    ]
    bulk.insert(connection, goals_reached, _REACHED, rows)
    bulk.clear(connection, goal_peaks, again)
    peaks = [(result.who, *key, peak) for result in results for key, peak in result.outcome.peaks.items()]
    bulk.insert(connection, goal_peaks, ("member", "goal", "window", "peak"), peaks, upsert=True)


_REACHED = ("member", "goal", "window", "entry", "at", "source", "id", "points", "badge")


# -------------------------------------------------------------------------------------------------------- transfers


def _lines(connection: Connection, result: folding.Result) -> Iterable[Line]:
    """The transfers that the fold calls for: all, or for a fold from the beginning the difference by cause key."""
    posted = [_line(result.who, effect) for effect in result.outcome.effects if isinstance(effect, Points)]
    return _corrections(connection, result, posted) if result.folded else posted


def _line(who: int, effect: Points) -> Line:
    event = effect.event
    return Line(who, effect.kind, effect.key, effect.amount, event.entry, effect.version, event.time)


class Standing(NamedTuple):
    """What a cause key's transfers add up to, and the first of them."""

    amount: int
    first: int
    entry: int
    at: int
    version: int


def _corrections(connection: Connection, result: folding.Result, wanted: Sequence[Line]) -> list[Line]:
    assert result.folded is not None
    standing = standing_amounts(connection, [result.who]).get(result.who, {})
    kept = {key: fact.points for key, fact in result.folded.kept.items() if fact.points}
    lines: list[Line] = []
    for line in wanted:
        before = standing.pop(line.cause, None)
        if before is None:
            lines.append(line)
        elif before.amount != line.amount:
            lines.append(_correction(result.who, line.cause, line.amount - before.amount, before, line.version))
    version = max((line.version for line in wanted), default=1)
    for fact in result.folded.kept.values():
        if fact.points and fact.key not in standing:
            lines.append(Line(result.who, "bonus", fact.key, fact.points, fact.entry, fact.version, fact.place[0]))
    for cause, before in standing.items():
        if before.amount != kept.get(cause, 0):
            lines.append(_correction(result.who, cause, kept.get(cause, 0) - before.amount, before, version))
    return lines


def _correction(who: int, cause: str, amount: int, first: Standing, version: int) -> Line:
    return Line(who, "correction", cause, amount, first.entry, version, first.at, first.first)


def standing_amounts(connection: Connection, members: Collection[int]) -> dict[int, dict[str, Standing]]:
    """What the engine's cause keys of these members add up to in the ledger."""
    t = transfers.c
    signed = case((t.from_account == ISSUED, t.amount), else_=-t.amount)
    sums = (
        select(t.member, t.cause, func.sum(signed).label("amount"), func.min(t.no).label("first"))
        .where(among(connection, t.member, members))
        .group_by(t.member, t.cause)
        .subquery()
    )
    rows = connection.execute(
        select(sums.c.member, sums.c.cause, sums.c.amount, sums.c.first, t.entry, t.at, t.version).join(
            transfers, t.no == sums.c.first
        )
    )
    found: dict[int, dict[str, Standing]] = {}
    for member, cause, amount, *told in rows:
        if cause.split("/", 1)[0] in ENGINE_CAUSES:
            found.setdefault(member, {})[cause] = Standing(int(amount), *told)
    return found


_TRANSFER = (
    "member", "from_account", "to_account", "amount", "balance", "kind", "cause", "entry",
    "version", "at", "posted_at", "corrects",
)  # fmt: skip


def _post(connection: Connection, lines: Sequence[Line], now: int) -> None:
    """Post transfers between members' accounts and the account of issued points."""
    if not lines:
        return
    held = _accounts(connection, sorted({line.member for line in lines}))
    balances = {member: balance for member, (_, balance) in held.items()}
    rows = []
    for line in lines:
        account = held[line.member][0]
        balances[line.member] += line.amount
        ends = (ISSUED, account) if line.amount > 0 else (account, ISSUED)
        rows.append(
            (
                line.member, *ends, abs(line.amount), balances[line.member], line.kind, line.cause, line.entry,
                line.version, line.at, now, line.corrects,
            )
        )  # fmt: skip
    bulk.insert(connection, transfers, _TRANSFER, rows)
    changed = [(account, "member", member, balances[member]) for member, (account, _) in held.items()]
    bulk.insert(connection, accounts, ("no", "kind", "member", "balance"), changed, upsert=True)


def _accounts(connection: Connection, members: Sequence[int]) -> dict[int, tuple[int, int]]:
    """The account and balance of each member, locked; opened where there is none yet."""
    bulk.insert(
        connection, accounts, ("kind", "member", "balance"), [("member", member, 0) for member in members], ignore=True
    )
    query = select(accounts.c.member, accounts.c.no, accounts.c.balance).where(
        among(connection, accounts.c.member, members)
    )
    if not on_sqlite(connection):
        query = query.order_by(accounts.c.no).with_for_update()
    return {member: (no, balance) for member, no, balance in connection.execute(query)}


# ---------------------------------------------------------------------------------------------------------- notices


def _changed(plan: Plan, results: Sequence[folding.Result], lost: set[str]) -> set[str]:
    """Topics of what the batch changed; `lost`: metrics of which a value is gone."""
    boards: dict[str, list[str]] = {}
    for board in plan.program.leaderboards.values():
        if board.whose == "member":
            boards.setdefault(board.metric, []).append(topics.leaderboard(board.key))
    changed: set[str] = set()
    touched = set(lost)
    for result in results:
        touched.update(metric for metric, _ in result.outcome.values)
        if result.who > 0:
            changed |= _of_member(result)
        else:
            changed.add(topics.organization(-result.who))
    return changed | {topic for metric in touched for topic in boards.get(metric, ())}


def _of_member(result: folding.Result) -> set[str]:
    who, effects = result.who, result.outcome.effects
    if result.folded:
        return {topics.points(who), topics.badges(who), topics.streaks(who), topics.goals(who)}
    changed = {topics.badges(who)}
    for effect in effects:
        if isinstance(effect, Points) or (isinstance(effect, Award) and effect.kind == "level"):
            changed.add(topics.points(who))
        elif isinstance(effect, Extended | Paused):
            changed.add(topics.streaks(who))
    if result.outcome.values:
        changed.add(topics.goals(who))
    return changed
