"""Hostile program files: whatever is sent, the answer is a list of faults, and it comes soon."""

from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.gamification import program
from hub.gamification.plan import Plan, Version
from hub.gamification.program import Reading
from hub.gamification.source import MAX_BYTES

HEAD = "program: {time_zone: UTC}\nevents:\n  deal.won: {attributes: {amount: {type: number}}}\n"
#: Seconds. The largest honest file takes about three; a loaded machine takes longer.
LIMIT = 30
#: Seconds for the plan of a large program: half of one, and several times that on a loaded machine.
READY_LIMIT = 5


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


def test_a_chain_of_ten_thousand_badges_that_is_no_circle_is_read() -> None:
    badges = "".join(f"  b{n}: {{when: {{badge: b{n + 1}}}}}\n" for n in range(9_998))
    reading = read(HEAD + "badges:\n" + badges + "  b9998: {}\n")
    assert reading.program is not None
    assert len(reading.warnings) == 9_999


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ("badges: {a: {when: {badge: a}}}", "badges.a"),
        ("badges: {a: {when: {any: [{all: [{badge: b}]}]}}, b: {when: {badge: c}}, c: {when: {badge: a}}}", "badges.a"),
        ("metrics: {a: {plus: [b]}, b: {minus: [a]}}", "metrics.a"),
        ("metrics: {a: {share: a, of: a}}", "metrics.a"),
        ("roles: {a: {like: b}, b: {like: a}}", "roles.a.like"),
    ],
)
def test_what_needs_itself_is_a_fault(more: str, path: str) -> None:
    assert [(fault.path, fault.code) for fault in read(HEAD + more).faults] == [(path, "circle")]


def test_metrics_made_from_metrics_cannot_multiply_without_end() -> None:
    halves = "".join(f"  m{n}: {{plus: [m{n + 1}], minus: [m{n + 1}]}}\n" for n in range(1_000))
    chain = "".join(f"  c{n}: {{plus: [c{n + 1}]}}\n" for n in range(1_000))
    ends = "".join(f"  {end}: {{event: deal.won, take: count}}\n" for end in ("m1000", "c1000"))
    assert codes(HEAD + "metrics:\n" + halves + chain + ends) == {"too_large"}


def test_a_large_program_is_soon_made_ready_for_folding_too() -> None:
    metrics = "".join(f"  m{n}: {{event: deal.won, take: count}}\n" for n in range(2_500))
    shares = "".join(f"  s{n}: {{share: points_earned, of: m{n}}}\n" for n in range(2_500))
    rules = "".join(f"  e{n}: {{event: deal.won, award: 1}}\n" for n in range(2_500))
    caps = "".join(f"  e{n}: {{rules: [e{n}], points: 5}}\n" for n in range(2_500))
    reading = read(HEAD + "metrics:\n" + metrics + shares + "points:\n" + rules + "caps:\n" + caps)
    assert reading.program is not None
    began = perf_counter()
    Plan([Version(1, reading.program)]).touched("deal.won", 0)
    assert perf_counter() - began < READY_LIMIT


@pytest.mark.parametrize("levels", [1_000, 10_000])
def test_a_tree_of_conditions_that_deep_is_refused(levels: int) -> None:
    flow = "{all: [" * levels + "{amount: 1}" + "]}" * levels
    for section in (
        f"points: {{p: {{event: deal.won, award: 1, where: {flow}}}}}",
        f"points: {{p: {{event: deal.won, award: 1, for: {flow}}}}}",
        f"badges: {{b: {{when: {flow}}}}}",
    ):
        assert codes(HEAD + section) == {"too_large"}


def test_a_tree_of_conditions_as_deep_as_a_file_may_be_is_refused() -> None:
    block = "badges:\n  b:\n    when:\n" + "".join(
        "  " * (depth + 3) + ("- all:\n" if depth else "all:\n") for depth in range(1_000)
    )
    assert codes(HEAD + block) == {"too_large"}


# One hostile value in each kind of field.

NUMBERS = [
    *(
        "points: {{p: {{event: deal.won, award: {}}}}}",
        "points: {{p: {{event: deal.won, award: 1, cap: {{points: {}}}}}}}",
    ),
    "points: {{p: {{event: deal.won, award: {{points: 1, of: amount, for_every: {}}}}}}}",
    "points: {{p: {{event: deal.won, award: 1, where: {{amount: {{at_least: {}}}}}}}}}",
    "points: {{p: {{event: deal.won, award: 1}}}}\nboosts: {{b: {{rules: [p], factor: {}}}}}",
    "badges: {{b: {{when: {{metric: points_earned, at_least: {}}}}}}}",
    "badges: {{b: {{points: {}}}}}",
    "streaks: {{s: {{event: deal.won, every: day, at_least: {}}}}}",
    "goals: {{g: {{metric: points_earned, window: month, target: {}}}}}",
    "leaderboards: {{l: {{metric: points_earned, window: month, show: {}}}}}",
    "levels: {{l: {{at: {}}}}}",
]


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize(
    "value",
    [
        ".nan",
        ".inf",
        "-.inf",
        "1e400",
        "1e-400",
        "9" * 4_000,
        "1000000000000000",
        "0.00001",
        "NaN",
        "１０",
        "[1]",
        "{a: 1}",
    ],
)
def test_what_is_no_number_of_a_program_is_a_fault(field: str, value: str) -> None:
    assert read(HEAD + field.format(value)).program is None


@pytest.mark.parametrize("field", NUMBERS[1:3] + NUMBERS[4:5] + NUMBERS[6:])
def test_a_negative_number_is_a_fault_where_less_than_nothing_means_nothing(field: str) -> None:
    assert read(HEAD + field.format(-1)).program is None


@pytest.mark.parametrize(
    "field",
    [
        "program: {{time_zone: {}}}",
        "events: {{{}: {{}}}}",
        "events: {{deal.won: {{attributes: {{{}: {{type: text}}}}}}}}",
        "points: {{{}: {{event: deal.won, award: 1}}}}",
        "points: {{p: {{{}: deal.won, award: 1}}}}",
        "points: {{p: {{event: {}, award: 1}}}}",
        "points: {{p: {{event: deal.won, award: 1, once_per: {}}}}}",
        "points: {{p: {{event: deal.won, award: 1, cooldown: {}}}}}",
        "points: {{p: {{event: deal.won, award: 1, from: {}}}}}",
        "points: {{p: {{event: deal.won, award: 1, for: {{role: {}}}}}}}",
        "points: {{p: {{event: deal.won, award: 1, where: {{{}: 1}}}}}}",
        "points: {{p: {{event: deal.won, award: 1, where: {{amount: {{{}: 1}}}}}}}}",
        "badges: {{b: {{when: {{metric: {}, at_least: 1}}}}}}",
        "badges: {{b: {{when: {{{}: points_earned, at_least: 1}}}}}}",
        "goals: {{g: {{metric: points_earned, window: {}, target: 1}}}}",
        "homepages: {{{}: []}}",
        "homepages: {{sales_rep: [{{widget: {}}}]}}",
        "{}: {{}}",
    ],
)
@pytest.mark.parametrize(
    "name",
    [
        "pоints",  # Cyrillic о
        "ｐｏｉｎｔｓ",
        "deal．won",
        "deal.ԝon",  # Cyrillic ԝ
        "mοnth",  # Greek ο
        "points\u200b",
        "poi\u00adnts",
        "ﬁrst",
        "２０２６-０１-０１",
        "٣d",
        '"po\\0ints"',
        '"points\\e[2J"',
        '"\\u202estniop"',
        "Ｅｕｒｏｐｅ/Berlin",
    ],
)
def test_what_only_looks_like_a_name_is_a_fault(field: str, name: str) -> None:
    text = HEAD.replace("program: {time_zone: UTC}\n", "") if field.startswith("program") else HEAD
    text = "program: {time_zone: UTC}\n" if field.startswith("events") else text
    reading = read(text + field.format(name))
    assert reading.program is None
    assert reading.faults


@pytest.mark.parametrize("field", ["title: {}", "title: {{en: {}}}", "text: {}", "icon: {}", "owner: {}"])
@pytest.mark.parametrize("text", ["\\0", "\\a", "\\e[31m", "\\x7f", "\\u0085", "\\u202e", "\\u2066", "\\ud800", "\\r"])
def test_a_character_that_nobody_sees_is_a_fault(field: str, text: str) -> None:
    field = field.format(f'"a{text}b"')
    (fault,) = read(HEAD + f"levels: {{l: {{at: 0, {field}}}}}").faults
    assert fault.code == "characters"
    assert str(fault).isprintable()


def test_a_name_that_nobody_sees_is_told_in_characters_that_everybody_sees() -> None:
    faults = read(HEAD + 'points: {"a\\eb": {event: deal.won, award: 1}}').faults
    assert "characters" in {fault.code for fault in faults}
    assert all(str(fault).isprintable() for fault in faults)


def test_lines_tabs_joiners_and_other_scripts_are_text() -> None:
    title = "\\tBöhm\\n👩\u200d🚀 می\u200cخواهم"
    reading = read(HEAD + f'levels: {{l: {{at: 0, title: "{title}"}}}}')
    assert reading.program is not None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("program: {time_zone: UTC}", "program"),
        ("points: {p: {event: deal.won, award: 1}, p: {event: deal.won, award: 2}}", "points.p"),
        ("points: {p: {event: deal.won, award: 1, award: 2}}", "points.p.award"),
        ("points: {p: {event: deal.won, award: {points: 1, points: 2}}}", "points.p.award.points"),
        ("badges: {b: {when: {metric: points_earned, at_least: 1, at_least: 2}}}", "badges.b.when.at_least"),
        ("levels: {l: {at: 0, title: {en: A, en: B}}}", "levels.l.title.en"),
        ("homepages: {sales_rep: [{widget: points, widget: badges}]}", "homepages.sales_rep[0].widget"),
    ],
)
def test_a_key_that_is_there_twice_is_a_fault_wherever_it_is(text: str, path: str) -> None:
    assert (path, "duplicate") in {(fault.path, fault.code) for fault in read(HEAD + text).faults}


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
