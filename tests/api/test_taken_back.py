"""A won deal that led to points, a badge tier, a goal and a board place is taken back: a hub that had it and one that
never had it, side by side. Every answer of the API and every page is the same, but for facts and the story itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import count, product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from hub import clock
from hub.db import reader, transaction
from hub.directory import lookup
from hub.gamification.program import Program
from hub.home import layout
from hub.identity import keys
from hub.ledger import boards, entry, programs, reading, replay, verify
from hub.ledger.tables import entries, transfers
from tests.api.conftest import other_tests_end
from tests.app import ORGANIZATIONS, PEOPLE, browser_of, enter_cast, started
from tests.club import Club, publish
from tests.databases import DIALECTS, Databases

PROGRAM = """
program: {name: Harbor, time_zone: Europe/Berlin, live_from: 2026-01-01}
events:
  deal.won: {title: Deal won, attributes: {amount: {type: number, required: true, unit: EUR}, deal: {type: text}}}
  asset.viewed: {title: Asset viewed, attributes: {asset: {type: text}}}
metrics:
  deals_won: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  deals: {event: deal.won, take: latest, of: amount, by: deal}
  days: {event: [deal.won, asset.viewed], take: days}
points:
  won_deal: {event: deal.won, award: {points: 1, for_every: 100, of: amount}, cap: {points: 300, per: day}}
  view: {event: asset.viewed, award: 3}
badges:
  deal_maker:
    metric: deals_won
    tiers: [{name: Bronze, at_least: 1}, {name: Silver, at_least: 3}]
    points: 20
    on_reversal: revoke
  eager: {when: {metric: revenue, at_least: 30000}, on_reversal: FACT}
streaks:
  daily: {event: [deal.won, asset.viewed], every: day, freezes: {start: 1}}
goals:
  quarter: {metric: revenue, window: quarter, target: 30000, reward: {points: 50}}
  together: {metric: revenue, window: month, target: 35000, whose: organization}
leaderboards:
  top: {metric: revenue, window: month, names: everyone}
  firms: {metric: revenue, window: quarter, whose: organization}
  regions: {metric: points_earned, window: week, among: region, names: everyone}
levels: {starter: {at: 0}, pro: {at: 1000}}
homepages:
  sales_rep:
    - {widget: progress_to_goal}
    - {widget: points}
    - {widget: badges}
    - {widget: streak, streak: daily}
    - {widget: leaderboard, leaderboard: top}
    - {widget: leaderboard, leaderboard: regions}
  partner_owner: [{widget: leaderboard, leaderboard: firms}, {widget: points}]
"""
#: Everything else; the deal comes last, into the middle.
STORY = (
    ("bo", "deal.won", "2026-11-17T10:00:00+01:00", {"amount": 4000, "deal": "d1"}),
    ("bea", "deal.won", "2026-11-18T10:00:00+01:00", {"amount": 9000, "deal": "d2"}),
    ("cy", "deal.won", "2026-11-18T11:00:00+01:00", {"amount": 7000, "deal": "d3"}),
    ("bo", "asset.viewed", "2026-11-18T12:00:00+01:00", {"asset": "a1"}),
    # Later on its day: the deal takes what the cap leaves.
    ("bo", "deal.won", "2026-11-20T17:00:00+01:00", {"amount": 5000, "deal": "d4"}),
    ("bo", "asset.viewed", "2026-11-21T12:00:00+01:00", {"asset": "a2"}),
)
DEAL = ("bo", "deal.won", "2026-11-20T09:30:00+01:00", {"amount": 26000, "deal": "d5"})

WINDOWS = ("all", "2026-11", "2026-Q4", "2026-W47", "2026-W48", "2026-11-20")
#: What each address of the API is asked for; `{event}` is each event of the story.
ADDRESSES = {
    "/members": ["/members", "/members?organization=acme"],
    "/members/<path:member_id>": ["/members/{member}"],
    "/members/<path:member_id>/badges": ["/members/{member}/badges"],
    "/members/<path:member_id>/transfers": ["/members/{member}/transfers"],
    "/members/<path:member_id>/metrics": ["/members/{member}/metrics?window={window}"],
    "/members/<path:member_id>/goals": ["/members/{member}/goals?window={window}"],
    "/organizations/<path:organization_id>": ["/organizations/{organization}"],
    "/organizations/<path:organization_id>/metrics": ["/organizations/{organization}/metrics?window={window}"],
    "/organizations/<path:organization_id>/goals": ["/organizations/{organization}/goals?window={window}"],
    "/leaderboards/<key>": [
        "/leaderboards/top?window=2026-11&around=bo",
        "/leaderboards/firms?window=2026-Q4&around=acme",
        "/leaderboards/regions?window=2026-W47&among=emea",
        "/leaderboards/regions?around=bo",
    ],
    "/events": ["/events?source=crm&id={event}"],
    "/events/<ref>": ["/events/{ref}"],
    "/held": ["/held"],
    "/effects": ["/effects"],
    "/program": ["/program"],
    "/widgets": ["/widgets"],
    "/openapi.json": ["/openapi.json"],
}
PAGES = ("/", "/points", "/recalculating", "/why/{ref}", "/w/{cell}")
CAST = tuple(one.id for one in PEOPLE)
#: Who sees something of Bo; all are asked about through the API.
LOOKING = ("bo", "ada", "bea", "fay")
SCOPES = ("members:read", "events:read", "program:read", "effects:read")


@dataclass
class Told:
    """All that a hub says, by what was asked."""

    answers: dict[str, Any] = field(default_factory=dict)
    pages: dict[str, list[str]] = field(default_factory=dict)


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fact", ["keep", "revoke"])
def test_a_deal_that_was_taken_back_leaves_nothing_but_facts_and_its_story(
    databases: Databases, tmp_path: Path, dialect: str, fact: str
):
    program, with_it, without = PROGRAM.replace("FACT", fact), Told(), Told()
    for app in started(databases.migrated(dialect), tmp_path):
        club = begun(program)
        without = asked(app, club.numbers)
    for app in started(databases.migrated(dialect), tmp_path):
        club = begun(program)
        happened(club)
        before = rows()
        club.happens("bo", "event.reversed", "2026-11-22T10:00:00+01:00", source="crm", id="7")
        assert_nothing_changed(before)
        with_it = asked(app, club.numbers)
        assert list(verify.breaches()) == []
        assert list(replay.differences()) == []
    take_out_facts(with_it, without, fact)
    take_out_the_story(with_it, without)
    assert with_it.answers == without.answers
    assert with_it.pages == without.pages


# ------------------------------------------------------------------------------------------------------------ the hubs


def begun(program: str) -> Club:
    """The cast, in a hub with this program, and what happened to them."""
    club = Club(enter_cast(), count(1))
    publish(program)
    for who, kind, time, data in STORY:
        club.happens(who, kind, time, **data)
    return club


def happened(club: Club) -> None:
    """The deal, with all that it leads to."""
    who, kind, time, data = DEAL
    club.happens(who, kind, time, **data)
    assert_led_to_all()


def assert_led_to_all() -> None:
    """Points, a badge tier with points, a goal with a reward, a place on a board: else nothing is taken back."""
    with reader() as connection:
        bo = lookup.members(connection, ["bo"])["bo"].no
        version = programs.newest(connection)
        assert version
        now = clock.now()
        assert reading.points(connection, version, bo, now).balance == 40 + 3 + 260 + 40 + 3 + 20 + 20 + 50
        assert [goal.status for goal in reading.goals(connection, version, bo, now)] == ["reached", "reached"]
        badges = [
            (one.badge, award.tier) for one in reading.badges(connection, version, bo, now) for award in one.awards
        ]
        assert badges == [("deal_maker", "Bronze"), ("deal_maker", "Silver"), ("eager", None)]
        board = boards.board(connection, version, "top", None, now)
        assert board
        assert board.items[0].id == "bo"


def rows() -> dict[str, list[Any]]:
    """The log, and the transfers, in their order."""
    with reader() as connection:
        return {
            table.name: list(connection.execute(select(table).order_by(table.c.no))) for table in (entries, transfers)
        }


def assert_nothing_changed(before: dict[str, list[Any]]) -> None:
    """Neither updated nor deleted: there is only more."""
    for name, now in rows().items():
        assert now[: len(before[name])] == before[name]
        assert len(now) > len(before[name])


# ------------------------------------------------------------------------------------------------------- what they say


def asked(app: Flask, numbers: dict[str, int]) -> Told:
    """Every answer of the API, and every page of all of the cast."""
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    api = {rule.rule.removeprefix("/api/v1") for rule in rules if rule.rule.startswith("/api/v1")}
    assert api == ADDRESSES.keys(), "each address of the API is asked"
    with transaction() as connection:
        made = keys.create(connection, "test", SCOPES, clock.now())
    assert isinstance(made, tuple)
    told, client = Told(), app.test_client()
    other_tests_end()
    for path in paths(address for some in ADDRESSES.values() for address in some):
        answer = client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {made[1]}"})
        assert answer.status_code == 200, path
        told.answers[path] = msgspec.json.decode(answer.data)
    for effect in told.answers["/effects"]["items"]:
        del effect["id"]  # of its transaction, on PostgreSQL
    for who in LOOKING:
        browser = browser_of(app, numbers[who])
        for path in paths(PAGES):
            answer = browser.get(path)
            assert answer.status_code in (200, 302, 404), path
            told.pages[f"{who} {path}"] = text_of(answer.text) if answer.status_code == 200 else [answer.status]
    return told


def cells(program: Program) -> list[str]:
    """The addresses of all cells."""
    placed = [layout.cell(placement) for page in program.homepages.values() for placement in page]
    return [one.key for one in placed if one]


def paths(addresses: Iterable[str]) -> Iterator[str]:
    """The addresses with all that they may be asked for."""
    # The visits to these very pages are entries too.
    sent = select(entries.c.id, entries.c.no).where(entries.c.source == "crm")
    with reader() as connection:
        refs = {row.id: entry.ref(row.no) for row in connection.execute(sent)}
        version = programs.newest(connection)
        assert version
    values = {
        "member": CAST, "organization": [one.id for one in ORGANIZATIONS], "window": WINDOWS,
        "event": list(refs), "ref": list(refs.values()), "cell": cells(version.program),
    }  # fmt: skip
    for address in addresses:
        names = [name for name in values if f"{{{name}}}" in address]
        for chosen in product(*(values[name] for name in names)):
            yield address.format(**dict(zip(names, chosen, strict=True)))


class Text(HTMLParser):
    """What a page says, to whoever sees it and to whoever hears it; not its tickets, of which each is another.

    Lines of the ledger are left out: that they come to the same is seen in `transfers`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.in_lines = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_lines |= tag == "ul" and "lines" in (dict(attrs).get("class") or "").split()
        if self.in_lines:
            return
        names = ("href", "datetime", "title", "aria-label", "alt", "value", "max", "id", "style", "d", "width")
        self.said += [
            f"{tag} {name}={value}" for name, value in attrs if name in names and tag not in ("input", "meta")
        ]

    def handle_endtag(self, tag: str) -> None:
        self.in_lines &= tag != "ul"

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.in_lines:
            self.said.append(" ".join(data.split()))


def text_of(page: str) -> list[str]:
    text = Text()
    text.feed(page)
    return text.said


# ------------------------------------------------------------------------------------------------- facts and the story


def take_out_facts(with_it: Told, without: Told, fact: str) -> None:
    """Awards that are kept, and that some were revoked. Of who has a kept one the pages are hers."""
    awards, stands = (with_it.answers[f"/members/bo{more}"] for more in ("/badges", ""))
    ended = [(one["badge"], one["tier"], one["kept"], one["revoked"]) for one in awards["items"]]
    kept = [("eager", None, "reversed", None)] if fact == "keep" else [("eager", None, None, "reversed")]
    assert ended == [("deal_maker", "Bronze", None, None), *kept, ("deal_maker", "Silver", None, "reversed")]
    del awards["items"][1:]
    if fact == "keep":
        assert stands["badges"].pop()["badge"] == "eager"
        for told in (with_it, without):
            told.pages = {page: text for page, text in told.pages.items() if page not in ("bo /", "bo /w/badges")}


def take_out_the_story(with_it: Told, without: Told) -> None:
    """The two events, the lines of the ledger that come to nothing, and what an event tells of its corrections."""
    lines, effects = (with_it.answers[path]["items"] for path in ("/members/bo/transfers", "/effects"))
    sums: Counter[tuple[str, str, str]] = Counter()
    more = len(lines) - len(without.answers["/members/bo/transfers"]["items"])
    for line in lines[:more]:
        sums[line["cause"]["kind"], line["cause"]["key"], line["event"]["id"]] += line["amount"]
    assert set(sums) == {
        ("rule", "won_deal", "7"),
        ("goal", "quarter", "7"),
        ("rule", "won_deal", "5"),
        ("badge", "deal_maker", "5"),
    }
    assert set(sums.values()) == {0}
    del lines[:more]
    del effects[len(without.answers["/effects"]["items"]) :]
    gone = [*(with_it.answers[f"/events?source=crm&id={id_}"]["ref"] for id_ in ("7", "8")), "id=7", "id=8"]
    corrected = without.answers["/events?source=crm&id=5"]["ref"]
    assert any("It was taken back, so that it counts nowhere." in text for text in with_it.pages[f"bo /why/{gone[0]}"])
    for path in [path for path in with_it.answers if path.endswith(tuple(gone))]:
        del with_it.answers[path]
    for path in (f"/events/{corrected}", "/events?source=crm&id=5"):
        assert [one["amount"] for one in with_it.answers[path]["corrections"]] == [-10, 10, -20]
        with_it.answers[path]["corrections"] = []
    for page, text in list(with_it.pages.items()):
        if page.endswith(tuple(gone)):
            del with_it.pages[page]
        elif page.endswith(corrected) and "Corrected since" in text:
            end = next(at for at, said in enumerate(text) if said.startswith("Something became known later"))
            del text[text.index("Corrected since") : end + 1]
