"""Conditions: what fits, what a missing value fits, and which test decided."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gamification.conditions import (
    All,
    Any_,
    Condition,
    Failure,
    None_,
    compiled,
    first_failure,
    holds,
)
from hub.gamification.conditions import (
    Test as Clause,
)

WON: Mapping[str, Any] = {
    "amount": Decimal("1000.0"),
    "product": "GTX Pro",
    "first": True,
    "day": "2026-11-22",
    "no": None,
}
BO: Mapping[str, Any] = {"role": ("sales_rep", "marketing"), "tag": (), "region": "emea"}


@pytest.mark.parametrize(
    ("test", "fits"),
    [
        (Clause("amount", "is", 1000), True),
        (Clause("amount", "is", 1001), False),
        (Clause("amount", "not", 1000), False),
        (Clause("amount", "not", 1001), True),
        (Clause("amount", "at_least", 1000), True),
        (Clause("amount", "more_than", 1000), False),
        (Clause("amount", "at_most", Decimal("999.9")), False),
        (Clause("amount", "less_than", Decimal("1000.1")), True),
        (Clause("amount", "in", (1, 1000)), True),
        (Clause("amount", "not_in", (1, 1000)), False),
        (Clause("product", "is", "GTX Pro"), True),
        (Clause("product", "is", "gtx pro"), False),
        (Clause("product", "in", ("GTX Pro", "GTXPro")), True),
        (Clause("product", "starts_with", "GTX"), True),
        (Clause("product", "starts_with", "gtx"), False),
        (Clause("product", "present", True), True),
        (Clause("product", "present", False), False),
        (Clause("first", "is", True), True),
        (Clause("first", "is", False), False),
        (Clause("first", "in", (False,)), False),
        (Clause("day", "at_least", "2026-11-22"), True),
        (Clause("day", "less_than", "2026-11-22"), False),
    ],
)
def test_an_operator_compares_exactly(test: Clause, fits: bool) -> None:
    assert holds(test, WON) is fits


@pytest.mark.parametrize("name", ["no", "never_sent"])
@pytest.mark.parametrize(
    ("operator", "value", "fits"),
    [
        ("is", "x", False),
        ("not", "x", True),
        ("in", ("x",), False),
        ("not_in", ("x",), True),
        ("at_least", 0, False),
        ("more_than", 0, False),
        ("at_most", 0, False),
        ("less_than", 1, False),
        ("starts_with", "x", False),
        ("present", True, False),
        ("present", False, True),
    ],
)
def test_a_missing_value_fits_only_present_false_not_and_not_in(
    name: str, operator: str, value: Any, fits: bool
) -> None:
    assert holds(Clause(name, operator, value), WON) is fits


@pytest.mark.parametrize(
    ("test", "fits"),
    [
        (Clause("role", "is", "marketing"), True),
        (Clause("role", "is", "partner_owner"), False),
        (Clause("role", "in", ("partner_owner", "sales_rep")), True),
        (Clause("role", "not", "marketing"), False),
        (Clause("role", "not_in", ("partner_owner",)), True),
        (Clause("role", "starts_with", "market"), True),
        (Clause("role", "present", True), True),
        (Clause("tag", "present", True), False),
        (Clause("tag", "not", "vip"), True),
        (Clause("tag", "is", "vip"), False),
    ],
)
def test_several_values_fit_if_any_does_and_not_if_none_is_named(test: Clause, fits: bool) -> None:
    assert holds(test, BO) is fits


@pytest.mark.parametrize("test", [Clause("x", "is", 1), Clause("x", "in", (1, 2)), Clause("x", "at_least", 1)])
def test_true_is_not_one(test: Clause) -> None:
    assert not holds(test, {"x": True})
    assert holds(test, {"x": 1})
    assert not holds(Clause("x", "is", True), {"x": 1})
    assert not holds(Clause("x", "in", (True,)), {"x": 1})


@pytest.mark.parametrize("found", ["text", 5, True, [1], {"a": 1}, Decimal("0.5")])
@pytest.mark.parametrize("wanted", ["x", 10**6, "2026-01-01"])
@pytest.mark.parametrize("operator", ["is", "at_least", "more_than", "in", "starts_with"])
def test_a_value_of_another_type_fits_nothing_and_breaks_nothing(found: Any, wanted: Any, operator: str) -> None:
    if operator == "starts_with" and not isinstance(wanted, str):
        return
    value = (wanted,) if operator == "in" else wanted
    if isinstance(found, str) and isinstance(wanted, str):
        return
    assert not holds(Clause("x", operator, value), {"x": found})


def test_no_condition_always_holds() -> None:
    assert holds(None, {})
    assert first_failure(None, {}) is None


BIG, SMALL, EMEA = Clause("amount", "at_least", 500), Clause("amount", "less_than", 500), Clause("region", "is", "emea")


@pytest.mark.parametrize(
    ("condition", "failure"),
    [
        (BIG, None),
        (SMALL, Failure(SMALL, Decimal("1000.0"))),
        (EMEA, Failure(EMEA, None)),
        (All((BIG, EMEA, SMALL)), Failure(EMEA, None)),
        (Any_((SMALL, EMEA)), Failure(SMALL, Decimal("1000.0"))),
        (Any_((SMALL, BIG)), None),
        (None_((SMALL, EMEA)), None),
        (None_((SMALL, BIG)), Failure(BIG, Decimal("1000.0"), wanted=False)),
        (None_((All((BIG,)),)), Failure(BIG, Decimal("1000.0"), wanted=False)),
        (None_((None_((SMALL,)),)), Failure(SMALL, Decimal("1000.0"))),
    ],
)
def test_the_first_test_that_decides_is_named_with_the_value_found(
    condition: Condition, failure: Failure | None
) -> None:
    assert first_failure(condition, WON) == failure
    assert holds(condition, WON) is (failure is None)


LEAVES = st.builds(
    Clause, st.sampled_from("abc"), st.sampled_from(["is", "not", "at_least", "less_than"]), st.integers(0, 3)
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        *(st.builds(kind, st.lists(inner, min_size=1, max_size=3).map(tuple)) for kind in (All, Any_, None_))
    ),
    max_leaves=8,
)
COMBINED: dict[type, Callable[[list[bool]], bool]] = {All: all, Any_: any, None_: lambda parts: not any(parts)}


def plainly(condition: Condition, values: Mapping[str, Any]) -> bool:
    """The rule of the program language, word for word."""
    if not isinstance(condition, Clause):
        return COMBINED[type(condition)]([plainly(part, values) for part in condition.conditions])
    found = values.get(condition.name)
    if found is None:
        return condition.operator == "not"
    wanted: Any = condition.value
    return {
        "is": found == wanted,
        "not": found != wanted,
        "at_least": found >= wanted,
        "less_than": found < wanted,
    }[condition.operator]


@given(CONDITIONS, st.dictionaries(st.sampled_from("abc"), st.one_of(st.none(), st.integers(0, 3))))
def test_what_is_compiled_means_what_is_written(condition: Condition, values: dict[str, Any]) -> None:
    assert compiled(condition)(values) is plainly(condition, values)
    assert (first_failure(condition, values) is None) is plainly(condition, values)
