"""Hostile program files: whatever is sent, the answer is a list of faults, and it comes soon."""

from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.gamification import program
from hub.gamification.program import Reading
from hub.gamification.source import MAX_BYTES

HEAD = "program: {time_zone: UTC}\nevents:\n  deal.won: {attributes: {amount: {type: number}}}\n"
#: Seconds. The largest honest file takes about three; a loaded machine takes longer.
LIMIT = 30


def read(text: str | bytes) -> Reading:
    began = perf_counter()
    reading = program.read(text, now=0)
    assert perf_counter() - began < LIMIT
    return reading


def codes(text: str | bytes) -> set[str]:
    return {fault.code for fault in read(text).faults}


def test_ten_thousand_rules_are_read() -> None:
    reading = read(
        HEAD + "points:\n" + "".join(f"  r{n}: {{event: deal.won, award: {n + 1}}}\n" for n in range(10_000))
    )
    assert reading.program is not None
    assert len(reading.program.rules) == 10_000


def test_more_entries_than_a_section_may_have_are_one_fault() -> None:
    text = HEAD + "levels:\n" + "".join(f"  l{n}: {{at: {n}}}\n" for n in range(10_001))
    assert [(fault.path, fault.code) for fault in read(text).faults] == [("levels", "too_large")]


def test_ten_thousand_misspelt_names_are_ten_thousand_faults() -> None:
    rules = "".join(f"  r{n}: {{evnt: deal.won, award: 1, event: deal.wn}}\n" for n in range(10_000))
    faults = read(HEAD + "points:\n" + rules).faults
    assert len(faults) == 20_000
    assert faults[0].suggestion is not None


def test_a_chain_of_ten_thousand_badges_needs_no_stack() -> None:
    badges = "".join(f"  b{n}: {{when: {{badge: b{n + 1}}}}}\n" for n in range(9_998))
    text = HEAD + "badges:\n" + badges + "  b9998: {when: {badge: b0}}\n"
    assert codes(text) == {"circle"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: " + "[" * 500_000, "too_large"),
        ("a: " + "{a: " * 200_000, "too_large"),
        ("".join(" " * n + "a:\n" for n in range(1_000)), "too_large"),
        ("a: " + "- " * 400_000, "unreadable"),
        ("- " * 400_000, "too_large"),
        ("# " + "x" * MAX_BYTES, "too_large"),
        ("a: [" + "1," * 400_000 + "]", "too_large"),
        ("a: " + "9" * 1_000_000, "too_large"),
        ("a: 1e999999999", "too_large"),
        ("a: 0x" + "f" * 100_000, "missing"),
        ("a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]", "anchor"),
        ("<<: {program: {time_zone: UTC}}", "unknown_field"),
        ("program: !!python/object:os.system {}", "tag"),
        ("? [a]\n: 1", "unreadable"),
        ("a: 1\n---\nb: 2", "unreadable"),
        ('a: "\\U99999999"', "unreadable"),
        (b"a: \xff", "unreadable"),
        (b"\x00", "unreadable"),
        ("a: \ud800", "unreadable"),
        (f"{'k' * 1_000}: 1", "unknown_field"),
        (f"{'k' * 100_000}: 1", "unreadable"),
    ],
)
def test_what_would_cost_too_much_is_refused(text: str | bytes, code: str) -> None:
    reading = read(text)
    assert reading.program is None
    assert code in {fault.code for fault in reading.faults}


def test_deep_conditions_are_refused() -> None:
    where = "{all: [" * 40 + "{amount: 1}" + "]}" * 40
    text = HEAD + f"metrics:\n  m: {{event: deal.won, take: count, where: {where}}}\n"
    assert [fault.code for fault in read(text).faults] == ["too_large"]


def test_deep_badges_are_refused() -> None:
    when = "{all: [" * 40 + "{metric: points_earned, at_least: 1}" + "]}" * 40
    assert [fault.code for fault in read(HEAD + f"badges:\n  b: {{when: {when}}}\n").faults] == ["too_large"]


def test_wide_conditions_are_refused() -> None:
    tests = ", ".join(f"{{amount: {n}}}" for n in range(5_000))
    text = HEAD + f"metrics:\n  m: {{event: deal.won, take: count, where: {{any: [{tests}]}}}}\n"
    assert codes(text) == {"too_large"}


WORDS = st.sampled_from(
    [
        "points",
        "deal.won",
        "metric",
        "when",
        "event",
        "award",
        "for",
        "where",
        "role",
        "all",
        "target",
        "at_least",
        "from",
    ]
)
SCALARS = st.one_of(
    WORDS, st.integers(-5, 5), st.booleans(), st.none(), st.sampled_from(["1e3", ".5", "2026-01-01", "7d"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=12,
)
ENTRIES = st.dictionaries(
    st.sampled_from(
        ["event", "take", "of", "award", "when", "tiers", "target", "metric", "window", "for", "where", "cap"]
    )
    | st.sampled_from(
        ["once_per", "rules", "factor", "freezes", "holidays", "prizes", "questions", "show", "widget", "title"]
    ),
    VALUES,
    max_size=5,
)


def written(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(each) for each in value) + "]"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from([name for name in program.SECTIONS if name not in ("program", "events")]), ENTRIES | VALUES)
def test_no_shape_of_a_section_breaks_the_reader(section: str, entry: object) -> None:
    program.read(f"{HEAD}{section}: {{x: {written(entry)}}}\n", now=0)
    program.read(f"{HEAD}{section}: {written(entry)}\n", now=0)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="ab:{}[]-,&*!|>'\"#%@\n\t ?1.~=", max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    reading = program.read(text, now=0)
    assert reading.program is None
    assert reading.faults
