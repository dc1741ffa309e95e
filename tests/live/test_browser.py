"""An open page moves by itself: by its stream, through a restart, and by polling where there is no stream."""

import signal

import pytest
from playwright.sync_api import Page, expect

from tests.browsers import Console
from tests.live.conftest import Running, tell

#: What a browser says of a server that is away.
REFUSED = r"ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|Failed to fetch|network error"


def requests_of(page: Page) -> list[str]:
    paths: list[str] = []
    page.on("request", lambda request: paths.append(request.url.split("/", 3)[3]))
    return paths


def opened(page: Page, running: Running, options: str = "") -> None:
    page.goto(f"{running.url}/page{options}")
    expect(page.locator("#live")).to_have_attribute("data-state", "open")


def test_only_the_element_whose_topic_changed_asks_again(running: Running, page: Page) -> None:
    opened(page, running)
    asked = requests_of(page)
    tell("points/17", "badges/17", "streaks/99")
    expect(page.locator("#points")).to_have_text("2", timeout=1_000)
    assert asked == ["parts/points"], "two of its topics at once are one request"
    tell("leaderboard/top_sellers")
    expect(page.locator("#board")).to_have_text("1", timeout=1_000)
    page.wait_for_timeout(700)
    assert asked == ["parts/points", "parts/board"], "and it does not poll"


def test_a_page_comes_back_to_a_restarted_hub_and_misses_nothing(
    running_on_sqlite: Running, page: Page, console: Console
) -> None:
    console.forgive(REFUSED)
    opened(page, running_on_sqlite, "?poll=60000")
    running_on_sqlite.stop(signal.SIGKILL)
    expect(page.locator("#live")).to_have_attribute("data-state", "closed")
    tell("points/17")
    running_on_sqlite.start()
    asked = requests_of(page)
    expect(page.locator("#points")).to_have_text("1", timeout=15_000)
    assert "parts/board" not in asked


@pytest.mark.parametrize("running_on_sqlite", [{"HUB_LIVE": "off"}], indirect=True)
def test_without_a_stream_the_page_polls(running_on_sqlite: Running, page: Page) -> None:
    asked = requests_of(page)
    page.goto(f"{running_on_sqlite.url}/page?poll=300")
    tell("points/17")
    expect(page.locator("#points")).to_have_text("1", timeout=2_000)
    assert not any("live?" in path for path in asked)


def test_a_page_that_cannot_have_its_stream_polls_until_it_can(running_on_sqlite: Running, page: Page) -> None:
    page.route("**/live?*", lambda route: route.fulfill(status=204))
    page.goto(f"{running_on_sqlite.url}/page?poll=300")
    tell("points/17")
    expect(page.locator("#points")).to_have_text("1", timeout=2_000)
    expect(page.locator("#live")).to_have_attribute("data-state", "closed")


def test_a_page_left_alone_by_its_server_polls(running_on_sqlite: Running, page: Page, console: Console) -> None:
    console.forgive(REFUSED)
    opened(page, running_on_sqlite)
    page.route("**/live?*", lambda route: route.abort("connectionrefused"))
    running_on_sqlite.stop()
    running_on_sqlite.start()
    tell("points/17")
    expect(page.locator("#points")).to_have_text("1", timeout=5_000)


def test_a_hidden_page_polls_less(running_on_sqlite: Running, page: Page) -> None:
    page.route("**/live?*", lambda route: route.fulfill(status=204))
    page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => window.away === true})")
    page.goto(f"{running_on_sqlite.url}/page?poll=200")
    page.evaluate("window.away = true")
    page.wait_for_timeout(300)
    asked = requests_of(page)
    page.wait_for_timeout(1_200)
    assert asked == []
    page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#points")).to_have_text("0")
    page.wait_for_timeout(100)
    assert "parts/points" in asked
