"""docs/program.md: every piece of YAML reads, faults are told as shown, what is not served yet is listed in full."""

import re
from collections import defaultdict
from itertools import count

import pytest

from hub import clock
from hub.gamification import homepages, program
from hub.gamification.program import Reading
from hub.ledger import reading
from tests.club import Club, publish
from tests.docs import pages

PAGE = pages.page("program")
BLOCKS = pages.blocks(PAGE, "yaml")
NOW = clock.instant("2026-11-23T10:00:00Z")
_SECTION = re.compile(r"^(\w+):\n((?:  .*\n|\n)+)", re.MULTILINE)

Sections = dict[str, str]


def sections(text: str) -> Sections:
    """The text of each section of a piece of a program file."""
    found = dict(_SECTION.findall(text))
    assert "".join(f"{name}:\n{body}" for name, body in found.items()) == text, "a section is not written as a block"
    return found


GOOD = [block for block in BLOCKS if not block.text.startswith("metrics:\n  turnover")]
(FAULTY,) = [block for block in BLOCKS if block not in GOOD]


def whole() -> Sections:
    """The program that the pieces make together."""
    together: dict[str, str] = defaultdict(str)
    for block in GOOD:
        for name, body in sections(block.text).items():
            together[name] += body
    return dict(together)


def read(text: Sections) -> Reading:
    return program.read("".join(f"{name}:\n{body}" for name, body in text.items()), now=NOW)


def test_the_pieces_make_one_program_without_faults_and_warnings():
    reading = read(whole())
    assert [str(fault) for fault in (*reading.faults, *reading.warnings)] == []


def test_every_section_that_is_served_has_a_piece():
    assert set(whole()) == set(program.SECTIONS) - set(program.NOT_YET)


def test_faults_are_told_as_shown():
    # In place of the section's own entries of that name; the others stay, since it refers to them.
    text = whole()
    for name, body in sections(FAULTY.text).items():
        keys = re.findall(r"^  (\w+):", body, re.MULTILINE)
        kept = re.sub(rf"^  (?:{'|'.join(keys)}):.*\n(?:   .*\n)*", "", text[name], flags=re.MULTILINE)
        text[name] = kept + body
    (shown,) = pages.blocks(PAGE, "text")
    assert [str(fault) for fault in read(text).faults] == shown.text.splitlines()


def test_what_is_not_served_yet_is_listed():
    listed = [pages.code(row[0])[0] for row in pages.rows(pages.section(PAGE, "Not served yet"))]
    assert set(listed) == set(program.NOT_YET) | (homepages.WIDGETS.keys() - homepages.SERVED.keys())
    assert len(listed) == len(set(listed)) + len({"recognition"}), "recognition is a section and a widget"


def test_every_metric_and_every_code_of_points_is_explained():
    takes = {name for row in pages.rows(pages.section(PAGE, "Metrics")) for name in pages.code(row[0])}
    assert takes == {"count", "sum", "max", "min", "average", "latest", "distinct", "days"}
    codes = [pages.code(row[0])[0] for row in pages.rows(pages.section(PAGE, "Points"))]
    assert codes == ["not_in_force", "not_for_member", "condition", "once_per", "cooldown", "nothing", "cap"]


@pytest.mark.parametrize(
    "written",
    [
        text
        for row in pages.rows(pages.section(PAGE, "Conditions"))
        for text in pages.code(row[0])
        if "..." not in text and not text.startswith("{is:")
    ],
)
def test_the_conditions_of_the_table_read(written: str):
    text = whole()
    text["metrics"] += f"  tried: {{event: deal.won, take: count, where: {written}}}\n"
    assert [str(fault) for fault in read(text).faults] == []


@pytest.mark.parametrize("window", pages.rows(pages.section(PAGE, "What holds everywhere")), ids=lambda row: row[0])
def test_windows_are_named_so(window: list[str]):
    calendar = program.published("".join(f"{name}:\n{body}" for name, body in whole().items())).calendar
    sunday = program.published("program: {time_zone: UTC, week_starts: sunday}").calendar
    for name in pages.code(window[1]):
        if name != "w":
            assert (calendar.named(name) or sunday.named(name)) is not None, name


def test_bos_points_are_those_of_the_page(cast: dict[str, int]):
    club = Club(cast, count(1))
    publish("".join(f"{name}:\n{body}" for name, body in whole().items()))

    def earned(time: str, amount: int) -> int:
        def balance() -> int:
            with club.looks("bo") as view:
                return reading.points(view.connection, view.version, view.member.no, view.now).balance

        before = balance()
        club.happens("bo", "deal.won", time, amount=amount, deal=time, product="licenses")
        return balance() - before

    assert earned("2026-11-20T09:30:00+01:00", 12345) == 184
    assert earned("2026-11-21T09:30:00+01:00", 26700) == 400
    assert earned("2026-11-21T10:30:00+01:00", 12345) == 100
