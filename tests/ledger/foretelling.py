"""What a backtest says of each member, held against what a publication then does."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import case, func, select

from hub import clock
from hub.db import reader, transaction
from hub.directory.tables import members
from hub.ledger import backtest, changes, programs
from hub.ledger.backtest import Report
from hub.ledger.changes import Change, MemberChange
from hub.ledger.tables import awards, goals_reached, transfers
from hub.ledger.writing import ENGINE_CAUSES, ISSUED
from hub.widgets import kit
from tests.ledger.crowd import digest_all

Said = dict[str, MemberChange]

# What stands.


@dataclass
class Stands:
    """What the ledger has of one member."""

    amounts: dict[str, int] = field(default_factory=dict)
    awards: dict[str, tuple[str, str, str | None, int, bool]] = field(default_factory=dict)
    reached: set[tuple[str, str]] = field(default_factory=set)


def standing() -> dict[str, Stands]:
    with reader() as connection:
        ids = {row.no: row.id for row in connection.execute(select(members.c.no, members.c.id))}
        found = {id_: Stands() for id_ in ids.values()}
        signed = case((transfers.c.from_account == ISSUED, transfers.c.amount), else_=-transfers.c.amount)
        sums = select(transfers.c.member, transfers.c.cause, func.sum(signed).label("amount"))
        for row in connection.execute(sums.group_by(transfers.c.member, transfers.c.cause)):
            if row.cause.split("/", 1)[0] in ENGINE_CAUSES:
                found[ids[row.member]].amounts[row.cause] = int(row.amount)
        for row in connection.execute(select(awards)):
            told = (row.kind, row.badge, row.tier, row.time, row.kept is not None)
            found[ids[row.member]].awards[row.key] = told
        for row in connection.execute(select(goals_reached)):
            found[ids[row.member]].reached.add((row.goal, row.window))
        return found


# What was said, and what came of it.


def foretold(text: str, since: int) -> tuple[Report, Said]:
    said: Said = {}
    draft = changes.draft(text, clock.now(), since, kit.options())
    assert not isinstance(draft, list), [str(fault) for fault in draft]
    report = backtest.run(draft, each=lambda one: said.setdefault(one.member, one) and None)
    return report, said


def published(text: str, since: int | None) -> None:
    with transaction() as connection:
        made = programs.publish_text(connection, text, clock.now(), kit.options(), in_force_from=since)
    assert not isinstance(made, list), [str(fault) for fault in made]
    digest_all()


def exactly(said: Change, before: Stands, after: Stands) -> None:
    """The change that was told is the one that happened."""
    happened = {
        cause: after.amounts.get(cause, 0) - before.amounts.get(cause, 0)
        for cause in before.amounts.keys() | after.amounts.keys()
    }
    told = {cause: both.drafted - both.posted for cause, both in said.amounts.items()}
    assert {cause: by for cause, by in told.items() if by} == {cause: by for cause, by in happened.items() if by}
    for cause, both in said.amounts.items():
        assert both == (before.amounts.get(cause, 0), after.amounts.get(cause, 0)), cause
    new = {key: (*award[:3], award[3]) for key, award in after.awards.items() if key not in before.awards}
    assert {fact.key: (fact.kind, fact.badge, fact.tier, fact.place[0]) for fact in said.given} == new
    assert before.awards.keys() <= after.awards.keys(), "awards are facts"
    kept = {key for key, award in after.awards.items() if award[4]}
    kept -= {key for key, award in before.awards.items() if award[4]}
    assert {fact.key for fact in said.kept} == kept & before.awards.keys()
    assert set(said.reached) == after.reached - before.reached
    assert set(said.missed) == before.reached - after.reached


def all_exactly(said: Said, question: str, before: dict[str, Stands], after: dict[str, Stands]) -> None:
    for member, stands in after.items():
        if member in said:
            exactly(getattr(said[member], question), before[member], stands)
        else:
            assert stands == before[member], member


def sums_up(report: Report, said: Said) -> None:
    """The report is the sum of what is said of each."""
    for question in ("on_publishing", "what_if"):
        posting, each = getattr(report, question), [getattr(one, question) for one in said.values()]
        assert posting.points == sum(one.points for one in each)
        assert posting.points == sum(amount.points for amount in posting.amounts)
        assert posting.members == sum(not one.nothing for one in each)
        assert sum(one.awards for one in posting.given) == sum(len(one.given) for one in each)
        assert sum(one.kept for one in posting.given) == sum(len(one.kept) for one in each)
        tiers = [segment for segment in posting.segments if segment.name == "tier"]
        assert sum(segment.points for segment in tiers) == posting.points, "everybody has one tier, or none"
        assert all(one.points > 0 for one in posting.gains)
        assert all(one.points < 0 for one in posting.losses)
