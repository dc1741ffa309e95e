"""Backtest: what it says is exactly what a publication then posts, member by member, whatever is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from hub import clock
from hub.ledger import arrivals, replay, verify
from hub.ledger.arrivals import Arrival
from tests.databases import DIALECTS, Databases
from tests.ledger import crowd, drafts
from tests.ledger.crowd import Crowd
from tests.ledger.foretelling import all_exactly, foretold, published, standing, sums_up

NOW = clock.instant("2026-11-23T10:00:00Z")
Steps = Sequence[tuple[list[int], int | None]]


@contextmanager
def club(url: str, folder: Path, seed: int, late: bool) -> Iterator[Crowd]:
    """Some dozen members; `late`: what happened to them came in at random, so that they have kept awards."""
    told = crowd.crowd(280, seed=seed, people=14, firms=3)
    told = replace(told, arrivals=[*told.arrivals, *_of_wrong_type(seed)])
    with crowd.hub_of(url, folder, told):
        if late:
            crowd.at_random(told, seed, batches=5)
        else:
            crowd.in_order(told)
        crowd.append(_held(seed))
        yield told


def _of_wrong_type(seed: int) -> Sequence[Arrival]:
    """With a value that nobody declared, and that is a text at times."""
    random = Random(seed)
    seconds = [random.choice([3, "ages"]) for _ in range(9)]
    return [_event(random, f"w{n}", "asset.viewed", {"asset": "x", "seconds": one}) for n, one in enumerate(seconds)]


def _held(seed: int) -> Sequence[Arrival]:
    random = Random(seed)
    worth: list[dict[str, Any]] = [random.choice([{}, {"worth": 5}, {"worth": "much"}]) for _ in range(12)]
    return [_event(random, f"h{n}", "lead.won", one) for n, one in enumerate(worth)]


def _event(random: Random, id_: str, kind: str, data: dict[str, Any]) -> Arrival:
    time = random.randrange(crowd.SINCE, crowd.UNTIL)
    return Arrival("crm", id_, kind, f"m{random.randrange(14)}", time, 0, data, arrivals.canonical(data))


def one_after_the_other(url: str, folder: Path, seed: int, late: bool, steps: Steps) -> None:
    """Publish drafts made of these changes, each backtested before; `since`: so many days ago."""
    with club(url, folder, seed, late):
        program = drafts.base()
        for number, (chosen, days) in enumerate(steps):
            for at in chosen:
                drafts.CHANGES[at](program, Random(seed * 1000 + number * 100 + at))
            since = NOW - (days or 90) * clock.DAY
            text, before = drafts.text(program), standing()
            report, said = foretold(text, since)
            assert standing() == before, "a backtest writes nothing"
            sums_up(report, said)
            published(text, None if days is None else since)
            all_exactly(said, "on_publishing" if days is None else "what_if", before, standing())
        assert list(verify.breaches(folds=False)) == []
        assert list(replay.differences()) == []


STEPS = st.lists(
    st.tuples(
        st.lists(st.integers(0, len(drafts.CHANGES) - 1), min_size=1, max_size=4, unique=True),
        st.sampled_from([None, None, 1, 30, 60, 200]),
    ),
    min_size=1,
    max_size=3,
)
CHECKED: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],  # making a case smaller would take minutes
}


#: Of two versions of one instant the later one declares a type of which older entries wait.
WAITED: Steps = [
    ([drafts.CHANGES.index(drafts.pays_more)], None),
    ([drafts.CHANGES.index(drafts.declares_a_type)], None),
]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_says_exactly_what_publishing_then_does(databases: Databases, tmp_path: Path, dialect: str) -> None:
    @settings(max_examples=6, derandomize=True, **CHECKED)
    @given(st.integers(0, 500), st.booleans(), STEPS)
    @example(1, False, WAITED)
    def check(seed: int, late: bool, steps: Steps) -> None:
        one_after_the_other(databases.migrated(dialect), tmp_path, seed, late, steps)

    check()


@pytest.mark.parametrize("change", range(len(drafts.CHANGES)), ids=lambda at: drafts.CHANGES[at].__name__)
def test_each_change_by_itself(databases: Databases, tmp_path: Path, change: int) -> None:
    one_after_the_other(databases.migrated("sqlite"), tmp_path, 7, True, [([change], None), ([change], 40)])
