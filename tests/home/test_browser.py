"""The pages in a real browser: for everybody, on a phone and on a desk, in both schemes, without script errors.

The `page` fixture fails a test whose console shows an error, a violation of the content security policy included.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from hub import clock
from hub.db import transaction
from hub.directory import members
from hub.directory.members import MemberProfile, MemberRecord
from hub.widgets.next_action import test_next_action
from tests.browsers import Axe, Console, faults
from tests.club import Club, publish
from tests.databases import Databases
from tests.home import test_why
from tests.home.paging import founded

NewPage = Callable[..., Page]

WIDTHS = (320, 768, 1280)
SCHEMES = ("light", "dark")


@pytest.fixture
def database_url(databases: Databases) -> str:
    """What is drawn does not depend on the database: SQLite alone."""
    return databases.migrated("sqlite")


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where `app` is served: by a thread, without a live stream, so that pages poll."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/sign-in")
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Good morning")


def autumn(club: Club) -> None:
    for number, (who, amount) in enumerate([("bea", 15_000), ("bo", 12_000), ("cy", 20_000), ("bo", 9_000)]):
        club.happens(who, "deal.won", amount=amount, deal=f"d-{number}")
    for day in (19, 20, 21, 22):
        club.happens("bo", "asset.viewed", f"2026-11-{day}T09:00:00+01:00", asset=f"a-{day}")


def test_every_page_is_open_to_everybody_on_every_screen(address: str, club: Club, new_page: NewPage, axe: Axe) -> None:
    autumn(club)
    found = []
    for scheme in SCHEMES:
        page = new_page(color_scheme=scheme)
        for name in (None, "Bo Lind", "Ada Berg"):
            if name:
                sign_in(page, address, name)
            for path in ("/sign-in", "/style") if name is None else ("/", "/arrange"):
                page.goto(address + path)
                for width in WIDTHS:
                    page.set_viewport_size({"width": width, "height": 900})
                    found += faults(page, axe, f"{path} {name or ''} {width} {scheme}")
    assert found == []


def test_why_and_points_are_open_to_everybody_on_every_screen(
    address: str, app: Flask, cast: dict[str, int], new_page: NewPage, axe: Axe
) -> None:
    assert app
    publish(test_why.PROGRAM.read_text())
    club = Club(cast, count(1))
    test_why.deals(club)
    # What comes earlier corrects what was given; a second of the same gives nothing.
    club.happens("bea", "deal.won", "2026-11-20T08:00:00+01:00", amount=20_000, deal="d-0", product="licenses")
    club.happens("bea", "deal.won", "2026-11-21T08:00:00+01:00", amount=20_000, deal="d-0", product="licenses")
    found = []
    for scheme in SCHEMES:
        page = new_page(color_scheme=scheme)
        sign_in(page, address, "Bea Noor")
        for path in ("/points", *(f"/why/{test_why.ref(number)}" for number in (2, 3, 4, 5))):
            page.goto(address + path)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                found += faults(page, axe, f"{path} {width} {scheme}")
    assert found == []


def test_one_gets_from_a_line_to_its_why_and_back(address: str, club: Club, page: Page) -> None:
    club.happens("bo", "deal.won", amount=12_000, deal="d-1")
    sign_in(page, address, "Bo Lind")
    page.locator("#w-points").get_by_role("link", name="Deal won").click()
    expect(page.get_by_role("heading", level=1, name="Deal won")).to_be_visible()
    expect(page.get_by_role("heading", name="What it brought")).to_be_visible()
    page.get_by_role("link", name="My points").click()
    expect(page.get_by_role("heading", level=1, name="My points")).to_be_visible()


def test_a_page_that_does_not_exist_is_a_page_too(
    address: str, club: Club, new_page: NewPage, console: Console, axe: Axe
) -> None:
    assert club
    console.forgive("404")
    page = new_page(viewport={"width": 320, "height": 700}, color_scheme="dark")
    page.goto(address + "/nowhere")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    assert faults(page, axe, "404") == []


def test_what_changed_is_swapped_into_the_open_page(address: str, club: Club, page: Page) -> None:
    sign_in(page, address, "Bo Lind")
    points, badges = page.locator("#w-points"), page.locator("#w-badges")
    expect(points.locator(".figure__value")).to_have_text("0")
    club.happens("bo", "deal.won", amount=12_000, deal="d-1")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('hub:all'))")
    expect(points).to_contain_text("+120")
    expect(badges).to_contain_text("Bronze")


def test_a_moment_is_celebrated_on_the_open_page_and_summed_up_on_the_next(
    address: str, club: Club, page: Page, axe: Axe
) -> None:
    sign_in(page, address, "Bo Lind")
    club.happens("bo", "deal.won", amount=12_000, deal="d-1")
    page.evaluate("document.body.dispatchEvent(new CustomEvent('hub:all'))")
    note = page.locator(".toast")
    expect(note).to_contain_text("Deal maker, Bronze")
    assert faults(page, axe, "celebrating") == []
    note.get_by_role("button", name="Close").click()
    expect(note).to_have_count(0)
    page.evaluate("document.body.dispatchEvent(new CustomEvent('hub:all'))")
    page.wait_for_timeout(400)
    expect(note).to_have_count(0)
    page.goto("about:blank")
    club.happens("bo", "deal.won", amount=60_000, deal="d-2")
    page.goto(address)
    news = page.get_by_role("region", name="Since you last looked")
    expect(news).to_contain_text("Goal reached")
    assert faults(page, axe, "news") == []
    news.get_by_role("button", name="Close").click()
    expect(news).to_have_count(0)


def test_the_number_of_a_goal_is_never_broken_over_two_lines(address: str, club: Club, new_page: NewPage) -> None:
    club.happens("bo", "deal.won", amount=12_000, deal="d-1")
    page = new_page(viewport={"width": 320, "height": 900})
    sign_in(page, address, "Bo Lind")
    number = page.locator("[id^='w-progress_to_goal'] .figure__value")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        one_line = number.evaluate("at => (at.textContent = '€1', at.offsetHeight)")
        for value in ("€213,843", "€213,843.50", "12.345.678,50\u00a0€"):
            height = number.evaluate("(at, value) => (at.textContent = value, at.offsetHeight)", value)
            assert height == one_line, f"{value} at {width}"


def test_a_cell_that_did_not_change_is_left_alone(address: str, club: Club, page: Page) -> None:
    club.happens("bo", "deal.won", amount=12_000, deal="d-1")
    sign_in(page, address, "Bo Lind")
    club.digests()
    page.reload()
    swaps: list[str] = []
    page.expose_function("swapped", lambda name: swaps.append(name))
    page.evaluate("document.addEventListener('htmx:after:swap', (e) => swapped(e.detail.ctx.sourceElement.id))")
    with page.expect_response("**/w/badges"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('hub:all'))")
    page.wait_for_timeout(300)
    assert "w-badges" not in swaps


def test_the_theme_is_remembered(address: str, club: Club, page: Page) -> None:
    sign_in(page, address, "Bo Lind")
    toggle = page.get_by_role("button", name="Dark theme")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    toggle.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert club


def test_the_keyboard_alone_reaches_content_menu_and_sign_out(address: str, club: Club, page: Page) -> None:
    assert club
    sign_in(page, address, "Bo Lind")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").press("Enter")
    expect(page.get_by_role("heading", name="Who would you like to be?")).to_be_visible()


def order(page: Page) -> list[str]:
    return [
        str(key).split("-")[0]
        for key in page.locator("#arrange .arrange").evaluate_all("a => a.map(c => c.dataset.key)")
    ]


def test_the_homepage_is_arranged_by_keyboard_and_by_dragging(address: str, club: Club, page: Page) -> None:
    assert club
    sign_in(page, address, "Bo Lind")
    page.get_by_role("link", name="Arrange").click()
    assert order(page) == ["progress_to_goal", "points", "badges", "streak", "leaderboard"]
    later = page.get_by_role("button", name="Move later: My points")
    later.press("Enter")
    expect(page.locator("#arrange [role=status]")).to_have_text("Now at place 3 of 5")
    assert order(page) == ["progress_to_goal", "badges", "points", "streak", "leaderboard"]
    expect(later).to_be_focused()
    grip = page.locator('[data-key^="leaderboard"] [data-grip]')
    grip.drag_to(page.locator('[data-key="badges"] [data-grip]'))
    expect(page.locator("#arrange .arrange").nth(1)).to_have_attribute("data-key", re.compile("^leaderboard"))
    page.get_by_role("button", name="Hide: Streak").click()
    expect(page.get_by_role("heading", name="More for your homepage")).to_be_visible()
    page.get_by_role("link", name="Done").click()
    shown = page.locator(".home .cell").evaluate_all("cells => cells.map(c => c.id.split('-')[1])")
    assert shown == ["progress_to_goal", "leaderboard", "badges", "points"]


def test_the_keyboard_alone_puts_a_step_off_and_takes_it_back(
    address: str, app: Flask, cast: dict[str, int], page: Page
) -> None:
    assert app
    publish(test_next_action.PROGRAM + "homepages: {sales_rep: [{widget: next_action}]}\n")
    Club(cast, count(1)).happens("bo", "deal.registered", "2026-09-01T10:00:00Z")
    with page.expect_response("**/actions/register/showing"):
        sign_in(page, address, "Bo Lind")
    card = page.locator("#w-next_action")
    expect(card.get_by_role("heading", level=3)).to_have_text("Register a deal")
    card.get_by_text("Later", exact=True).press("Enter")
    card.get_by_role("button", name="for a week").press("Enter")
    expect(card.get_by_role("heading", level=3)).to_have_text("Win another deal")
    expect(card).to_be_focused()
    card.get_by_text("1 step hidden").press("Enter")
    card.get_by_role("button", name="Show again: Register a deal").press("Enter")
    expect(card.get_by_role("heading", level=3)).to_have_text("Register a deal")


def test_times_are_told_by_the_servers_clock(address: str, club: Club, page: Page) -> None:
    club.happens("bo", "deal.won", "2026-11-23T08:00:00Z", amount=12_000, deal="d-1")
    sign_in(page, address, "Bo Lind")
    expect(page.locator("#w-points .line__when")).to_have_text("2 hours ago")


def test_without_script_the_homepage_reads(address: str, club: Club, new_page: NewPage) -> None:
    autumn(club)
    page = new_page(java_script_enabled=False)
    sign_in(page, address, "Bo Lind")
    expect(page.locator("#w-points")).to_contain_text("+120")
    expect(page.locator("#w-points time").first).to_contain_text("Nov 2026")


def test_stylesheets_and_scripts_are_at_most_60_kb_compressed(app: Flask) -> None:
    page = app.test_client().get("/sign-in").text
    files = set(re.findall(r'"/static/([^"?]+\.(?:css|js))', page))
    assert len(files) >= 8
    assert app.static_folder
    assert sum(len(gzip.compress((Path(app.static_folder) / file).read_bytes())) for file in files) <= 60_000


# The pages beside the homepage

HOSTILE = "<b>Wolfeschlegelsteinhausenbergerdorff</b>\u202e\U0001f98a" + "x" * 180


def a_year(club: Club) -> None:
    """Bea, Bo and Cy sell, view and learn; Cy has a name that is made to break pages."""
    with transaction() as connection:
        changed = MemberRecord("cy", MemberProfile(HOSTILE, None, "globex", ("sales_rep",)), (), clock.now())
        members.upsert(connection, [changed], clock.now())
    for number, (who, amount) in enumerate([("bea", 15_000), ("bo", 12_000), ("cy", 999_999_999), ("bea", 9_000)]):
        club.happens(who, "deal.won", f"2026-11-1{number}T09:00:00Z", amount=amount, deal=f"d-{number}")
    club.happens("bea", "deal.won", "2026-08-10T09:00:00Z", amount=5_000, deal="d-9")
    for asset in ("a-1", "a-2", "a-3"):
        club.happens("bea", "asset.viewed", asset=asset)
    for module in ("m-1", "m-2"):
        club.happens("bea", "module.completed", course="basics", module=module)


EMPTY = (
    "/badges",
    "/leaderboards",
    "/leaderboards/top_sellers",
    "/earn",
    "/members/pat",
    "/search?q=nobody",
    "/points",
)
FULL = (
    "/badges",
    "/badges/deal_maker",
    "/badges/graduate",
    "/leaderboards",
    "/leaderboards/everybody",
    "/leaderboards/top_sellers?among=apac&window=2026-10",
    "/earn",
    "/members/bea",
    "/search?q=be",
    "/points",
    "/points?kind=less&month=2026-10",
)
OF_AN_OWNER = ("/organizations/acme", "/organizations/acme?window=2026-09", "/members/bea?window=2026-10")


def look_at(pages: Iterable[str], page: Page, address: str, axe: Axe, where: str) -> list[str]:
    found = []
    for path in pages:
        answer = page.goto(address + path)
        assert answer
        assert answer.status == 200, path
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found += faults(page, axe, f"{path} {width} {where}")
    return found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_pages_are_open_to_everybody_on_every_screen_full_and_empty(
    address: str, app: Flask, cast: dict[str, int], new_page: NewPage, axe: Axe, scheme: str
) -> None:
    assert app
    club = founded(cast)
    page = new_page(color_scheme=scheme)
    sign_in(page, address, "Pat Silva")
    found = look_at(EMPTY, page, address, axe, f"empty {scheme}")
    a_year(club)
    found += look_at(
        ("/members/cy", "/organizations/globex", "/search?q=wolfe"), page, address, axe, f"hostile {scheme}"
    )
    for name, paths in (("Bea Noor", FULL), ("Ada Berg", OF_AN_OWNER)):
        other = new_page(color_scheme=scheme)
        sign_in(other, address, name)
        found += look_at(paths, other, address, axe, f"{name} {scheme}")
    assert found == []


def test_one_gets_by_the_keyboard_from_home_to_a_board_and_its_earlier_window(
    address: str, app: Flask, cast: dict[str, int], page: Page
) -> None:
    assert app
    a_year(founded(cast))
    sign_in(page, address, "Bea Noor")
    page.get_by_role("link", name="Leaderboards").press("Enter")
    page.get_by_role("link", name="All by name", exact=True).press("Enter")
    expect(page.get_by_role("heading", level=1, name="All by name")).to_be_visible()
    expect(page.get_by_text("Rank 2 of 3")).to_be_visible()
    page.get_by_role("link", name="The window before").press("Enter")
    expect(page.get_by_role("heading", name="October 2026")).to_be_visible()
    page.get_by_label("Window", exact=True).select_option("2026-11")
    page.get_by_role("button", name="Show").press("Enter")
    expect(page.get_by_role("heading", name="November 2026")).to_be_visible()
    page.get_by_role("link", name="Bea Noor").press("Enter")
    expect(page.get_by_role("heading", level=1, name="Bea Noor")).to_be_visible()


def test_an_owner_finds_a_colleague_while_typing_and_prints_her_scorecard(
    address: str, app: Flask, cast: dict[str, int], page: Page
) -> None:
    assert app
    a_year(founded(cast))
    sign_in(page, address, "Ada Berg")
    page.get_by_role("link", name="Search").click()
    page.get_by_label("Name").press_sequentially("noo")
    page.get_by_role("link", name="Bea Noor").click()
    expect(page.get_by_role("heading", level=1, name="Bea Noor")).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    for unprinted in (
        page.get_by_role("navigation"),
        page.get_by_role("button", name="Print"),
        page.get_by_label("Window"),
    ):
        expect(unprinted.first).to_be_hidden()
    expect(page.get_by_text("Harbor Partner Club · As of")).to_be_visible()
    expect(page.get_by_role("heading", name="In numbers")).to_be_visible()
    assert len(page.pdf(format="A4")) > 1_000


def test_one_gets_from_the_next_badge_to_what_it_takes_and_to_how_to_earn(
    address: str, app: Flask, cast: dict[str, int], page: Page
) -> None:
    assert app
    a_year(founded(cast))
    sign_in(page, address, "Bea Noor")
    page.get_by_role("link", name="Badges", exact=True).click()
    page.get_by_role("link", name="Explorer").click()
    expect(page.get_by_text("3 of 4")).to_be_visible()
    page.get_by_role("link", name="How to earn").click()
    expect(page.get_by_role("heading", name="Asset viewed")).to_be_visible()


def test_on_a_phone_the_places_stand_at_the_lower_edge_and_cover_nothing(
    address: str, app: Flask, cast: dict[str, int], new_page: NewPage
) -> None:
    assert app
    a_year(founded(cast))
    page = new_page(viewport={"width": 320, "height": 640})
    sign_in(page, address, "Bea Noor")
    page.goto(address + "/points")
    bar = page.get_by_role("navigation", name="Main").bounding_box()
    assert bar
    assert bar["y"] + bar["height"] == 640
    assert page.locator("#toasts").evaluate("at => at.getBoundingClientRect().bottom") <= bar["y"]
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    last = page.locator(".line").last.bounding_box()
    assert last
    assert last["y"] + last["height"] <= bar["y"]


@pytest.mark.parametrize("width", [320, 768, 1024, 1280])
def test_all_places_are_in_sight_on_every_screen(width: int, address: str, club: Club, new_page: NewPage) -> None:
    assert club
    page = new_page(viewport={"width": width, "height": 900})
    sign_in(page, address, "Bo Lind")
    places = page.get_by_role("navigation", name="Main")
    assert places.evaluate("at => at.scrollWidth - at.clientWidth") == 0
