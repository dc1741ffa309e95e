"""docs/program.md: every piece of YAML reads, faults are told as shown, what is not served yet is listed in full."""

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select

from hub import clock
from hub.db import reader, transaction
from hub.directory import lookup, members
from hub.directory.members import MemberProfile, MemberRecord
from hub.gamification import events, homepages, program
from hub.gamification.faults import Fault
from hub.gamification.plan import Plan
from hub.gamification.program import Reading
from hub.gamification.versions import Version
from hub.home import arrangement
from hub.ledger import arrivals, log, reading
from hub.ledger.tables import awards
from tests.app import JANUARY
from tests.club import Club, publish
from tests.docs import pages, stories
from tests.gamification.play import Told, play, told_events

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


def test_what_is_taken_back_is_gone_or_kept_as_the_page_says(cast: dict[str, int]):
    club = Club(cast, count(1))
    publish("".join(f"{name}:\n{body}" for name, body in whole().items()))

    def standing() -> tuple[int, dict[str, str | None]]:
        with club.looks("bo") as view:
            balance = reading.points(view.connection, view.version, view.member.no, view.now).balance
            badges = view.connection.execute(select(awards.c.badge, awards.c.kept).where(awards.c.kind == "badge"))
            return balance, {badge: kept for badge, kept in badges if badge in ("deal_maker", "big_ticket")}

    club.happens("bo", "deal.won", "2026-11-20T09:30:00+01:00", amount=45000, deal="d-1", product="licenses")
    assert standing() == (700, {"deal_maker": None, "big_ticket": None})
    sent = {"id": "x-1", "source": "erp", "type": "event.reversed", "time": "2026-11-21T09:30:00+01:00"}
    arrival = arrivals.read(sent | {"data": {"source": "crm", "id": "1"}}, NOW, lambda *_: True)
    with transaction() as connection:
        [verdict] = log.append(connection, [arrival], {}, NOW)
    assert verdict.status == "accepted"
    club.digests()
    assert standing() == (0, {"deal_maker": "reversed"})


# The stories

STORIES = pages.blocks(PAGE, "story")
#: Who the page says they are.
PEOPLE = {
    "bo": {"role": ("sales_rep",), "tier": "gold", "region": "emea"},
    "bea": {"role": ("sales_rep",), "tier": "gold", "region": "emea"},
    "ada": {"role": ("partner_owner",), "tier": "gold", "region": "emea"},
    "lea": {"role": ("alliance_lead",), "tier": "gold", "region": "emea"},
    "cy": {"role": ("sales_rep",), "tier": "silver", "region": "apac"},
}
PROFILES: dict[str, dict[str, dict[str, Any]]] = {
    **{who: {"": {**values, "time_zone": "Europe/Berlin"}} for who, values in PEOPLE.items()},
    "org:acme": {"": {"organization": 1}},
}


def asks_more(story: pages.Block) -> bool:
    """Whether a story speaks of boards and homepages, which the engine alone does not know."""
    return any(not step.events for step in stories.steps(story.text))


@pytest.fixture(scope="module")
def plan() -> Plan:
    read = program.published("".join(f"{name}:\n{body}" for name, body in whole().items()))
    return Plan([Version(1, read, live_from=read.settings.live_from or 0)], also="all")


def test_every_kind_of_entry_has_a_story():
    about = {
        stories.key(one) for story in STORIES for step in stories.steps(story.text) for one in (step.who, *step.brings)
    }
    read = program.published("".join(f"{name}:\n{body}" for name, body in whole().items()))
    for section in (read.metrics, read.rules, read.badges, read.streaks, read.goals, read.leaderboards, read.actions):
        assert set(section) & about
    assert {level.key for level in read.levels} & about


@pytest.mark.parametrize("story", [story for story in STORIES if not asks_more(story)], ids=str)
def test_what_the_stories_tell_happens(story: pages.Block, plan: Plan):
    told = stories.steps(story.text)
    about = {stories.key(one) for step in told for one in step.effects}
    lines: list[str] = []
    for step in told:
        written = [_written(plan, *event, number=len(lines) + number) for number, event in enumerate(step.events)]
        refused = [fault for _, faults in written for fault in faults]
        if refused or "rejected" in step.line:
            assert [f"rejected: {fault.path}" for fault in refused] == list(step.brings), step.line
            continue
        lines += [line for line, _ in written]
        who = f"org:{step.who}" if step.who == "acme" else step.who
        played = play(plan, "\n".join(lines), profiles=PROFILES, now="mon+52")
        for name, value in step.values.items():
            assert stories.shown(_value(played, who, name)) == value, step.line
    _compare(play(plan, "\n".join(lines), profiles=PROFILES, now="mon+52"), told, about)


def _written(
    plan: Plan, time: datetime, who: str, what: str, data: Mapping[str, str], number: int
) -> tuple[str, list[Fault]]:
    """A line of `play`, and what is wrong with the event."""
    words = " ".join(f"{name}={value}" for name, value in data.items())
    when = f"{time:%Y-%m-%d %H:%M:%S}{time:%z}"[:-2] + ":00"
    who = f"org:{who}" if who == "acme" else who
    line = f"{when} {who} {what} {words} id=e{number:04}"
    [event] = told_events(line)[who]
    return line, events.check(plan.program.events[what], event.data)


def _value(played: Told, who: str, name: str) -> Any:
    key, _, thing = name.partition(" of ")
    if thing:
        return played.objects(who, key).get(thing)
    return played.organization(1, key) if who.startswith("org:") else played.metric(who, key)


def _compare(played: Told, told: list[stories.Step], about: set[str]) -> None:
    """All that happened of what the story is about, in its order."""
    number = 0
    for step in told:
        if "rejected" in step.line or step.who == "acme":
            continue
        names = [f"e{number + place:04}" for place in range(len(step.events))]
        number += len(step.events)
        happened = [
            stories.told(one)
            for name in names
            for one in (*played.effects(step.who), *played.skipped(step.who))
            if one.event.id == name and stories.key(stories.told(one)) in about
        ]
        assert sorted(happened) == sorted(step.effects), step.line


@pytest.mark.parametrize("story", [story for story in STORIES if asks_more(story)], ids=str)
def test_boards_and_homepages_show_what_the_stories_tell(story: pages.Block, cast: dict[str, int]):
    club = Club({**cast, "lea": _lea()}, count(1))
    version = publish("".join(f"{name}:\n{body}" for name, body in whole().items()))
    for step in stories.steps(story.text):
        for time, who, what, data in step.events:
            club.happens(who, what, time.isoformat(), **dict(map(_typed, data.items())))
        if step.by_then:
            clock.set_source(step.by_then.isoformat())
            club.digests()
            with reader() as connection:
                lines = reading.newest_lines(connection, club.numbers[step.who], 50)
            posted = [f"{line.key} {line.amount}" for line in reversed(lines) if line.cause in ("goal", "leaderboard")]
            assert sorted(posted) == sorted(step.brings), step.line
        elif not step.events and " " in step.who:
            key, window, *among = step.who.split()
            with reader() as connection:
                board = reading.board(
                    connection, version, key, None, clock.now(), window=window, among=among[0] if among else None
                )
            assert board
            assert [f"{row.rank} {row.id} {stories.shown(row.score)}" for row in board.items] == list(step.brings), (
                step.line
            )
        elif not step.events:
            with club.looks(step.who) as view:
                cells = arrangement.hers(view.connection, view.program, view.member, view.now)
            assert [cell.placement.widget for cell in cells] == list(step.brings), step.line


def _typed(attribute: tuple[str, str]) -> tuple[str, Any]:
    name, value = attribute
    return name, int(value) if value.isdigit() else value


def _lea() -> int:
    lea = MemberRecord("lea", MemberProfile("Lea Roy", None, "acme", ("alliance_lead",)), (), JANUARY)
    with transaction() as connection:
        members.upsert(connection, [lea], JANUARY)
        found = lookup.member(connection, "lea")
    assert found
    return found.no
