"""Convergence: what the hub says depends on what happened, not on how it came in.

`make test ARGS="-m slow"` takes many more events: half an hour, since nearly each one comes late for its member.
"""

from pathlib import Path

import pytest

from hub.ledger import replay, verify
from tests.databases import DIALECTS, Databases
from tests.ledger import crowd
from tests.ledger.crowd import Says


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("events", "people", "orders"),
    [(1_000, 40, 3), pytest.param(20_000, 1_000, 5, marks=pytest.mark.slow)],
    ids=["some", "many"],
)
def test_any_order_any_split_and_any_duplication_come_to_the_same(
    databases: Databases, tmp_path: Path, dialect: str, events: int, people: int, orders: int, wanted: str
):
    if people > 100 and wanted != "slow":
        pytest.skip("takes half an hour; ask for it by -m slow")
    told = crowd.crowd(events, people=people)
    with crowd.hub_of(databases.migrated("sqlite"), tmp_path, told) as app:
        crowd.in_order(told)
        expected = checked(crowd.says(app, told))
        assert not expected.kept, "nothing is kept where nothing comes late"
    for seed in range(orders):
        with crowd.hub_of(databases.migrated(dialect), tmp_path, told) as app:
            verdicts = crowd.at_random(told, seed)
            assert verdicts["held"] > sum(one.subject == "nobody" for one in told.arrivals), "some wait for newcomers"
            compare(checked(crowd.says(app, told)), expected)


def checked(said: Says) -> Says:
    """What was said by a hub in which replay and verify find nothing."""
    assert list(verify.breaches(folds=False)) == []
    assert list(replay.differences()) == []
    return said


def compare(said: Says, expected: Says) -> None:
    for id_, answers in expected.members.items():
        assert said.members[id_] == answers, id_
        if id_ not in said.kept:
            assert said.by_member[id_] == expected.by_member[id_], id_
    for about, told in expected.events.items():
        assert about in said.kept or said.events[about] == told, about
    for question, answer in expected.others.items():
        assert said.others[question] == answer, question
    assert not said.members.keys() <= said.kept, "most of what is compared is compared in whole"
