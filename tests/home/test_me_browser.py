"""One's own page in a real browser: by keyboard alone, on a phone and on a desk, in both schemes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browsers import Axe, Console, faults
from tests.club import Club
from tests.home import test_browser
from tests.home.test_browser import SCHEMES, WIDTHS, sign_in

database_url, address = test_browser.database_url, test_browser.address


def test_she_sets_the_hub_up_for_herself_by_keyboard(address: str, club: Club, page: Page) -> None:
    assert club
    sign_in(page, address, "Bo Lind")
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="My settings").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("My settings")
    zone = page.get_by_label("Time zone")
    zone.focus()
    zone.select_option("Asia/Tokyo")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Language and country")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    expect(page.get_by_label("Show me on leaderboards")).not_to_be_checked()
    expect(page.get_by_label("Quiet mode")).to_be_checked()


def test_a_wrong_pause_leads_to_its_field_and_a_right_one_is_listed(
    address: str, club: Club, page: Page, console: Console
) -> None:
    assert club
    console.forgive("status of 422")
    sign_in(page, address, "Bo Lind")
    page.goto(f"{address}/me")
    page.get_by_label("First day").fill("2026-12-24")
    page.get_by_label("Last day").fill("2026-12-23")
    page.get_by_role("button", name="Pause").click()
    last = page.get_by_label("Last day")
    expect(last).to_be_focused()
    expect(last).to_have_attribute("aria-invalid", "true")
    expect(last).to_have_accessible_description("The last day is before the first.")
    page.get_by_label("Streak", exact=True).focus()
    page.get_by_role("alert").get_by_role("link", name="Last day").click()
    expect(last).to_be_focused()
    last.fill("2027-01-06")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("list", name="Pauses ahead")).to_contain_text("All streaks")


def test_she_ends_the_session_of_her_phone(address: str, club: Club, new_page: Callable[..., Page]) -> None:
    assert club
    desk, phone = new_page(), new_page(viewport={"width": 390, "height": 800})
    for page in (phone, desk):
        sign_in(page, address, "Bo Lind")
    desk.goto(f"{address}/me")
    desk.get_by_role("button", name="Sign out:").click()
    expect(desk.get_by_role("status").filter(has_text="Signed out there.")).to_be_visible()
    phone.goto(f"{address}/me")
    expect(phone).to_have_url(f"{address}/sign-in?next=%2Fme")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_her_page_is_open_to_everybody_on_every_screen(
    address: str, club: Club, new_page: Callable[..., Page], axe: Axe, console: Console, scheme: str
) -> None:
    console.forgive("status of 422")
    club.happens("bo", "deal.won", amount=9000, deal="d-1")
    page, found = new_page(color_scheme=scheme), list[str]()
    sign_in(page, address, "Bo Lind")
    for path in ("/me", "/me/data"):
        page.goto(address + path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found += faults(page, axe, f"{path} {width}")
    page.goto(f"{address}/me")
    page.get_by_label("First day").fill("2026-12-24")
    page.get_by_label("Last day").fill("2026-12-23")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("alert")).to_be_visible()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += faults(page, axe, f"a fault {width}")
    assert found == []
