"""The next-action widget: one step, why, what it brings; put off, and not for me."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from itertools import count

import pytest
from flask.testing import FlaskClient

from hub import clock
from hub.actions.hiding import Shown
from hub.clock import DAY, instant
from hub.db import reader
from hub.identity import export
from hub.widgets import kit
from hub.widgets.next_action.query import query
from tests.club import Club, publish

PROGRAM = """
program: {name: Club, time_zone: Europe/Berlin}
events:
  deal.registered: {title: Deal registered}
  deal.won: {title: Deal won, attributes: {amount: {type: number, unit: EUR}}}
  module.completed: {title: Module completed}
metrics:
  won: {title: Deals won, event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  learned: {title: Modules completed, event: module.completed, take: count}
points:
  register: {event: deal.registered, award: 10}
  win: {event: deal.won, award: {points: 1, for_every: 100, of: amount}}
  large: {event: deal.won, where: {amount: {at_least: 9000}}, award: 500}
badges:
  closer: {title: Closer, metric: won, tiers: [{name: Bronze, at_least: 1}, {name: Silver, at_least: 4}]}
  learner: {title: Learner, when: {metric: learned, at_least: 4}}
goals:
  quarter: {title: My quarter, metric: revenue, window: quarter, target: 10000}
actions:
  register: {title: Register a deal, event: deal.registered, link: "https://prm.example/new", for: {role: sales_rep},
    when: {idle: 14d}, bonus: {points: 50, within: 7d}, again_after: 30d, priority: 5}
  catch_up: {title: Win another deal, event: deal.won, when: {goal: quarter, pace: behind}, again_after: 1d}
  learn: {title: Learn something, event: module.completed, when: {badge: closer, tier: Bronze}}
"""


@pytest.fixture
def club(cast: dict[str, int]) -> Club:
    publish(PROGRAM)
    return Club(cast, count(1))


@contextmanager
def later(club: Club, who: str, time: str) -> Iterator[kit.View]:
    """The view of somebody who looks then."""
    with club.looks(who) as view:
        yield replace(view, now=instant(time))


def html(view: kit.View) -> str:
    return str(kit.render(kit.catalogue()["next_action"], view, address="/w/next_action").html)


def test_one_step_with_its_reason_and_where_it_is_done(club: Club) -> None:
    with club.looks("bo") as view:
        step, shown = query(view).step, html(view)
    assert step is not None
    assert (step.title, step.link, step.away) == ("Register a deal", "https://prm.example/new", True)
    assert (step.reason.kind, step.reason.last_at) == ("idle", None)
    assert "Deal registered: none of yours yet." in shown
    assert (step.bonus, step.bonus_until) == (0, None), "what was open for ever brings none"


def test_it_is_closed_by_its_event_and_its_bonus_comes_once(club: Club) -> None:
    club.happens("bo", "deal.registered", "2026-09-01T10:00:00Z")
    with later(club, "bo", "2026-10-02T10:00:00Z") as view:
        step, shown = query(view).step, html(view)
    assert step is not None
    assert (step.key, step.bonus) == ("register", 50)
    assert step.bonus_until == instant("2026-10-01T10:00:00Z") + 7 * DAY
    assert "+50" in shown
    assert "+10" in shown, "what its rule gives"
    assert "none for 14 days" in shown
    club.happens("bo", "deal.registered", "2026-10-02T11:00:00Z")
    club.happens("bo", "deal.registered", "2026-10-02T12:00:00Z")
    with later(club, "bo", "2026-10-02T13:00:00Z") as view:
        step, balance = query(view).step, kit.render(kit.catalogue()["points"], view).html
    assert step is None or step.key != "register"
    assert str(balance).count("+50") == 1


def test_after_its_time_the_bonus_is_not_promised_any_more(club: Club) -> None:
    club.happens("bo", "deal.registered", "2026-09-01T10:00:00Z")
    with later(club, "bo", "2026-10-09T10:00:00Z") as view:
        step = query(view).step
    assert step is not None
    assert (step.key, step.bonus, step.bonus_until) == ("register", 0, None)


def test_a_goal_that_is_behind_says_by_how_much(club: Club) -> None:
    club.happens("fay", "deal.won", "2026-10-02T10:00:00Z", amount=4_000)
    with later(club, "fay", "2026-11-16T00:00:00+01:00") as view:
        step, shown = query(view).step, html(view)
    assert step is not None
    assert (step.key, step.reason.goal, step.reason.share) == ("catch_up", "My quarter", Fraction(4, 10))
    assert "My quarter is at 40%; an even pace would be at 50% by now." in shown
    assert [(one.points, one.for_every.value if one.for_every else None) for one in step.earns] == [(1, 100)], (
        "of what asks for a large amount nothing is promised"
    )
    assert [(one.title, one.tier) for one in step.helps] == [("My quarter", None), ("Closer", "Silver")]


def test_of_equal_priority_the_nearest_to_a_reward_comes_first(club: Club) -> None:
    club.happens("fay", "deal.won", "2026-10-02T10:00:00Z", amount=100)
    with later(club, "fay", "2026-11-16T00:00:00+01:00") as view:
        step = query(view).step
    assert step is not None
    assert step.key == "catch_up", "Closer is at 1 of 4, Learner at none"
    for hour in (8, 9, 10):
        club.happens("fay", "module.completed", f"2026-10-01T0{hour % 10}:00:00Z")
    with later(club, "fay", "2026-11-16T00:00:00+01:00") as view:
        step, shown = query(view).step, html(view)
    assert step is not None
    assert step.key == "learn", "Learner is at 3 of 4"
    assert "Closer, Bronze" in shown, "why it is open"


def test_what_is_for_others_is_not_suggested(club: Club) -> None:
    with club.looks("fay") as view:
        step = query(view).step
    assert step is None or step.key != "register"


def test_with_nothing_open_it_says_so(club: Club) -> None:
    publish(PROGRAM.split("actions:")[0])
    with club.looks("bo") as view:
        assert "Nothing left to do right now" in html(view)


# What members do with it


@pytest.fixture
def bo(club: Club, signed_in: Callable[[str], FlaskClient]) -> FlaskClient:
    club.happens("bo", "deal.registered", "2026-09-01T10:00:00Z")
    return signed_in("bo")


def acts(browser: FlaskClient, path: str, method: str = "POST", **form: str) -> int:
    return browser.open(path, method=method, data={"csrf_token": token(browser), **form}).status_code


def token(browser: FlaskClient) -> str:
    page: str = browser.get("/arrange").text
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def suggested(club: Club, time: str | None = None) -> tuple[str | None, list[str]]:
    """The step that Bo sees, and what he hides."""
    with club.looks("bo") as view:
        values = query(view if time is None else replace(view, now=instant(time)))
        return values.step.key if values.step else None, [one.key for one in values.put]


def test_put_off_it_is_away_until_that_day_begins_for_the_member(bo: FlaskClient, club: Club) -> None:
    assert suggested(club)[0] == "register"
    assert acts(bo, "/actions/register/snooze", days="7") == 303
    step, put = suggested(club)
    assert (step, put) == ("catch_up", ["register"]), "the next one"
    assert suggested(club, "2026-11-29T22:59:59Z")[0] == "catch_up"
    assert suggested(club, "2026-11-29T23:00:00Z") == ("register", []), "midnight in Berlin"


def test_not_for_me_holds_until_it_is_taken_back(bo: FlaskClient, club: Club) -> None:
    assert acts(bo, "/actions/register/dismissal", reason="not_mine") == 303
    assert suggested(club, "2027-11-23T10:00:00Z")[0] != "register"
    assert acts(bo, "/actions/register/hiding", "DELETE") == 303
    assert suggested(club) == ("register", [])


def test_hiding_changes_no_bonus(bo: FlaskClient, club: Club) -> None:
    acts(bo, "/actions/register/dismissal", reason="done")
    club.happens("bo", "deal.registered", "2026-10-02T11:00:00Z")
    with club.looks("bo") as view:
        assert "+50" in kit.render(kit.catalogue()["points"], view).html


def test_shown_on_five_days_without_a_reaction_it_rests_for_14(
    bo: FlaskClient, club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in ("19", "20", "20", "23", "24"):
        monkeypatch.setattr(clock, "now", lambda day=day: instant(f"2026-11-{day}T10:00:00Z"))
        assert acts(bo, "/actions/register/showing") == 204
    assert suggested(club, "2026-11-25T10:00:00Z")[0] == "register", "on four days"
    monkeypatch.setattr(clock, "now", lambda: instant("2026-11-25T10:00:00Z"))
    acts(bo, "/actions/register/showing")
    assert suggested(club, "2026-11-25T22:00:00Z")[0] == "register", "the day is not over"
    assert suggested(club, "2026-11-26T10:00:00Z")[0] == "catch_up"
    assert suggested(club, "2026-12-09T22:59:59Z")[0] == "catch_up"
    assert suggested(club, "2026-12-09T23:00:00Z")[0] == "register"
    assert Shown(1, 5, 100).again(1, 115) == Shown(1, 1, 115), "then days count anew"
    assert Shown(1, 5, 100).again(2, 101) == Shown(2, 1, 101), "and when it has opened anew"


def test_a_widget_says_that_it_was_seen_once_a_day(bo: FlaskClient, club: Club) -> None:
    with club.looks("bo") as view:
        assert "/actions/register/showing" in html(view)
    acts(bo, "/actions/register/showing")
    with club.looks("bo") as view:
        assert "/actions/register/showing" not in html(view)


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/actions/register/snooze", {"days": "8"}, 422),
        ("/actions/register/snooze", {"days": "\u0667"}, 422),
        ("/actions/register/snooze", {}, 422),
        ("/actions/register/dismissal", {"reason": "x" * 1000}, 422),
        ("/actions/gone/snooze", {"days": "7"}, 404),
        ("/actions/gone/dismissal", {"reason": "done"}, 404),
        ("/actions/gone/showing", {}, 404),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    bo: FlaskClient, club: Club, path: str, form: dict[str, str], status: int
) -> None:
    assert acts(bo, path, **form) == status
    assert suggested(club) == ("register", [])


def test_an_action_for_others_does_not_exist(club: Club, signed_in: Callable[[str], FlaskClient]) -> None:
    assert club
    fay = signed_in("fay")
    assert acts(fay, "/actions/register/snooze", days="7") == 404
    assert acts(fay, "/actions/catch_up/snooze", days="7") == 303


def test_an_export_tells_what_she_did_with_them(bo: FlaskClient, club: Club) -> None:
    acts(bo, "/actions/register/dismissal", reason="not_mine")
    acts(bo, "/actions/catch_up/showing")
    with reader() as connection:
        told = dict(export.of(connection, club.numbers["bo"], clock.now()))["actions"]
    assert [{**one} for one in told] == [
        {"action": "register", "hidden_at": "2026-11-23T10:00:00Z", "until": None, "reason": "not_mine"},
        {"action": "catch_up", "shown_on_days": 1, "last_shown_on": "2026-11-23"},
    ]


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_nobody_is_led_away_by_an_act(bo: FlaskClient, back: str) -> None:
    form = {"csrf_token": token(bo), "days": "7", "back": back}
    answer = bo.post("/actions/register/snooze", data=form, headers={"HX-Request-Type": "partial"})
    assert (answer.status_code, answer.location) == (303, "/")


def test_htmx_is_led_back_to_the_widget(bo: FlaskClient) -> None:
    form = {"csrf_token": token(bo), "days": "7", "back": "/w/next_action"}
    answer = bo.post("/actions/register/snooze", data=form, headers={"HX-Request-Type": "partial"})
    assert answer.location == "/w/next_action"
