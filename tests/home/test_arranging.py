"""Arranging one's homepage."""

import re

import pytest
from flask.testing import FlaskClient

from hub.gamification.program import Placement
from hub.home import layout
from hub.home.arrangement import Arrangement
from hub.home.layout import Cell
from tests.app import SignedIn, token
from tests.club import PROGRAM, Club, publish


def shown(browser: FlaskClient, address: str = "/") -> list[str]:
    page = browser.get(address)
    assert page.status_code == 200
    return [key.split("-")[0] for key in re.findall(r'id="w-([^"]+)"', page.text)]


def arranges(browser: FlaskClient, act: str, key: str = "", **more: object) -> int:
    form = {"csrf_token": token(browser, "/arrange"), "act": act, "key": key, **more}
    return browser.post("/arrange", data=form).status_code


def keys(browser: FlaskClient) -> dict[str, str]:
    return {key.split("-")[0]: key for key in re.findall(r'id="[wa]-([^"]+)"', browser.get("/arrange").text)}


@pytest.fixture
def bo(signed_in: SignedIn, club: Club) -> FlaskClient:
    assert club
    return signed_in("bo")


def test_what_she_moved_stays_where_she_moved_it(bo: FlaskClient) -> None:
    assert shown(bo) == ["progress_to_goal", "points", "badges", "streak", "leaderboard"]
    assert arranges(bo, "later", keys(bo)["points"]) == 303
    assert shown(bo) == ["progress_to_goal", "badges", "points", "streak", "leaderboard"]
    arranges(bo, "earlier", keys(bo)["leaderboard"])
    arranges(bo, "earlier", keys(bo)["leaderboard"])
    assert shown(bo) == ["progress_to_goal", "badges", "leaderboard", "points", "streak"]


def test_the_first_cannot_come_earlier_nor_the_last_later(bo: FlaskClient) -> None:
    before = shown(bo)
    arranges(bo, "earlier", keys(bo)["points"])
    arranges(bo, "later", keys(bo)["leaderboard"])
    assert shown(bo) == before


def test_an_order_is_taken_as_a_whole_and_what_it_does_not_name_follows_as_before(bo: FlaskClient) -> None:
    have = keys(bo)
    assert arranges(bo, "order", order=[have["leaderboard"], have["points"], "gone", have["points"]]) == 303
    assert shown(bo) == ["progress_to_goal", "leaderboard", "points", "badges", "streak"]


def test_what_she_hid_is_not_there_until_she_shows_it_and_comes_back_to_its_place(bo: FlaskClient) -> None:
    have = keys(bo)
    arranges(bo, "hide", have["badges"])
    assert shown(bo) == ["progress_to_goal", "points", "streak", "leaderboard"]
    assert bo.get("/w/badges").status_code == 404
    arranges(bo, "show", have["badges"])
    assert shown(bo) == ["progress_to_goal", "points", "badges", "streak", "leaderboard"]


def test_what_is_pinned_can_be_neither_hidden_nor_moved(bo: FlaskClient) -> None:
    goal = keys(bo)["progress_to_goal"]
    assert arranges(bo, "hide", goal) == 409
    assert arranges(bo, "later", goal) == 409
    arranges(bo, "order", order=[keys(bo)["badges"], goal])
    assert shown(bo)[0] == "progress_to_goal"


def test_what_is_offered_is_there_once_she_adds_it(signed_in: SignedIn, club: Club) -> None:
    assert club
    ada = signed_in("ada")
    assert shown(ada) == ["points"]
    assert "Show" in ada.get("/arrange").text
    arranges(ada, "show", "badges")
    assert shown(ada) == ["points", "badges"]
    assert ada.get("/w/badges").status_code == 200
    arranges(ada, "hide", "badges")
    assert shown(ada) == ["points"]


def test_reset_brings_back_the_programs_homepage(bo: FlaskClient) -> None:
    have = keys(bo)
    arranges(bo, "hide", have["badges"])
    arranges(bo, "later", have["points"])
    assert "As the program has it" in bo.get("/arrange").text
    arranges(bo, "reset")
    assert shown(bo) == ["progress_to_goal", "points", "badges", "streak", "leaderboard"]
    assert "As the program has it" not in bo.get("/arrange").text


def test_an_arrangement_is_hers_alone(bo: FlaskClient, signed_in: SignedIn) -> None:
    arranges(bo, "hide", keys(bo)["badges"])
    assert "badges" in shown(signed_in("cy"))


def test_what_is_not_hers_or_no_act_is_refused_and_nothing_changes(bo: FlaskClient) -> None:
    before = shown(bo)
    assert arranges(bo, "hide", "nonsense") == 404
    assert arranges(bo, "explode", keys(bo)["points"]) == 422
    assert arranges(bo, "") == 422
    assert shown(bo) == before


def test_an_arrangement_outlives_changes_of_the_program(bo: FlaskClient) -> None:
    arranges(bo, "order", order=[keys(bo)[name] for name in ("leaderboard", "badges", "points")])
    assert shown(bo) == ["progress_to_goal", "leaderboard", "badges", "streak", "points"]
    text = PROGRAM.read_text(encoding="utf-8")
    changed = text.replace("    - {widget: badges}\n", "    - {widget: badges, show: 2}\n", 1)
    assert changed != text
    publish(changed)
    assert shown(bo) == ["progress_to_goal", "leaderboard", "streak", "points", "badges"], "new, after the points"


def test_what_is_no_key_of_the_program_is_not_part_of_a_cells_name(bo: FlaskClient) -> None:
    text = PROGRAM.read_text(encoding="utf-8")
    links = "    - {widget: links, links: [{title: Prices, link: /points}]}\n"
    more = links + "    - {widget: badges, only: [explorer], show: 2}\n"
    publish(text.replace("    - {widget: badges}\n", more, 1))
    assert shown(bo) == ["progress_to_goal", "points", "links", "badges", "streak", "leaderboard"]
    page = bo.get("/arrange").text
    assert "Badges: Explorer" in page
    assert "Links" in page
    assert "Links:" not in page


def test_the_part_alone_comes_where_htmx_asks_for_it(bo: FlaskClient) -> None:
    answer = bo.get("/arrange", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert answer.text.lstrip().startswith('<div id="arrange"')
    assert "Now at place 2 of 5" in bo.get("/arrange", query_string={"moved": "points"}).text


def cell(key: str, **of: bool) -> Cell:
    found = layout.cell(Placement("badges", {"show": 1}, **of))  # type: ignore[arg-type]
    assert found
    return Cell(key, found.kind, found.placement)


def test_pinned_cells_keep_their_places_among_those_that_are_shown() -> None:
    have = [cell("a"), cell("b", pinned=True), cell("c"), cell("d"), cell("e", pinned=True)]
    own = Arrangement(placed=("d", "c", "a"), hidden=frozenset("c"))
    assert [one.key for one in own.shown(have)] == ["d", "b", "a", "e"]


def test_a_new_cell_follows_the_one_that_it_follows_in_the_program() -> None:
    have = [cell("new"), cell("a"), cell("b"), cell("after"), cell("c")]
    own = Arrangement(placed=("c", "b", "a"))
    assert [one.key for one in own.shown(have)] == ["new", "c", "b", "after", "a"]
