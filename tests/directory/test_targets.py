"""Members' own targets of goals."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from hub.directory import lookup, targets
from hub.directory.tables import targets as table
from hub.directory.targets import TargetRecord, check, exact
from hub.gamification.numbers import Number
from hub.signals import refolds
from tests.directory.conftest import MARCH, MAY, NOW

QUARTER = TargetRecord("quarter_revenue", "bo", "2026-Q4", "50000")


def take(connection: Connection, *records: TargetRecord) -> list[str]:
    return [outcome.status for outcome in targets.upsert(connection, records, NOW)]


def test_a_target_is_kept_exactly_and_folds_its_member_again(cast: Connection):
    assert take(cast, TargetRecord("quarter_revenue", "lms:4711", "2026-Q4", "+050000.250")) == ["accepted"]
    assert cast.execute(select(table.c.target)).scalar_one() == "50000.25"
    assert len(cast.execute(select(refolds)).all()) == 1


def test_the_same_target_again_changes_nothing_and_another_replaces_it(cast: Connection):
    assert take(cast, QUARTER, TargetRecord("quarter_revenue", "bo", "2026-Q4", "50000.0")) == ["accepted", "unchanged"]
    assert take(cast, TargetRecord("quarter_revenue", "bo", "2026-Q4", "60000")) == ["accepted"]
    assert own(cast) == {("quarter_revenue", "2026-Q4"): 60000}


def test_what_a_target_was_before_stays_in_the_record(cast: Connection):
    for at, told in ((MARCH, "50000"), (MAY, "60000.5"), (NOW, "70000"), (NOW, "80000")):
        targets.upsert(cast, [replace(QUARTER, target=told)], at)
    targets.upsert(cast, [TargetRecord("quarter_revenue", "ada", "2026-Q4", "1")], MARCH)
    t = table.c
    told = cast.execute(select(t.target, t.recorded_at, t.superseded_at).where(t.target != "1").order_by(t.no)).all()
    assert [tuple(row) for row in told] == [
        ("50000", MARCH, MAY),
        ("60000.5", MAY, NOW),
        ("70000", NOW, NOW),
        ("80000", NOW, None),
    ]
    known = [own(cast, before).get(("quarter_revenue", "2026-Q4")) for before in (MARCH, MARCH + 1, MAY, NOW, NOW + 1)]
    assert known == [None, 50000, 50000, Decimal("60000.5"), 80000]
    assert own(cast) == own(cast, NOW + 1)


def own(connection: Connection, known_before: int | None = None) -> dict[tuple[str, str], Number]:
    """Bo's own targets."""
    bo = lookup.members(connection, ["bo"])["bo"].no
    return targets.own(connection, [bo], known_before).get(bo, {})


def test_a_target_of_nobody_is_refused(cast: Connection):
    (outcome,) = targets.upsert(cast, [TargetRecord("quarter_revenue", "nobody", "2026-Q4", "1")], NOW)
    assert [(fault.path, fault.code) for fault in outcome.faults] == [("member", "unknown_member")]


@pytest.mark.parametrize("window", ["2026", "2026-Q4", "2026-11", "2026-W47", "2026-11-22w", "2026-11-22", "all"])
def test_every_kind_of_window_can_have_a_target(window: str):
    assert check(TargetRecord("g", "bo", window, "1")) == []


@pytest.mark.parametrize(
    ("record", "path", "code"),
    [
        (TargetRecord("", "bo", "2026", "1"), "goal", "missing"),
        (TargetRecord("Quarter Revenue", "bo", "2026", "1"), "goal", "key"),
        (TargetRecord("g", "", "2026", "1"), "member", "missing"),
        (TargetRecord("g", "bo", "", "1"), "window", "missing"),
        (TargetRecord("g", "bo", "2026-Q5", "1"), "window", "window"),
        (TargetRecord("g", "bo", "2026-13", "1"), "window", "window"),
        (TargetRecord("g", "bo", "Q4", "1"), "window", "window"),
        (TargetRecord("g", "bo", "2026", ""), "target", "missing"),
        (TargetRecord("g", "bo", "2026", "much"), "target", "type"),
        (TargetRecord("g", "bo", "2026", "1e5"), "target", "type"),
        (TargetRecord("g", "bo", "2026", "NaN"), "target", "type"),
        (TargetRecord("g", "bo", "2026", "50.000,00"), "target", "type"),
        (TargetRecord("g", "bo", "2026", "1000000000001"), "target", "too_large"),
        (TargetRecord("g", "bo", "2026", "9" * 60_000), "target", "too_large"),
        (TargetRecord("g", "bo", "2026", "0." + "1" * 31), "target", "too_large"),
    ],
)
def test_a_wrong_field_is_named(record: TargetRecord, path: str, code: str):
    assert [(fault.path, fault.code) for fault in check(record)] == [(path, code)]


@given(st.decimals(-(10**12), 10**12, places=4))
def test_equal_numbers_are_equal_texts(number):
    written = format(number, "f")
    assert exact(written) == exact(f"{written}00")
    assert type(number)(exact(written)) == number


def test_nothing_is_nothing():
    assert {exact(text) for text in ("0", "-0", "+0.00", "000")} == {"0"}
