"""Signing in by OpenID Connect, in a real browser at a real provider: there, back, and out again."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from hub import clock
from hub.db import reader
from hub.directory import lookup
from hub.identity import sessions
from tests.browsers import Axe, Console, faults
from tests.club import PROGRAM, publish
from tests.identity.conftest import Start, free_port, openid_provider, served

PEOPLE: dict[str, dict[str, Any]] = {
    "bo": {"name": "Bo of the provider", "groups": ["reps"]},
    "nora": {
        "name": "Nora New",
        "email": "nora@acme.example",
        "email_verified": True,
        "locale": "de",
        "zoneinfo": "Europe/Berlin",
        "organization": "acme",
        "groups": ["owners"],
    },
    "eve": {"name": "Eve Else", "organization": "elsewhere"},
}


@dataclass
class Site:
    hub: str
    provider: str
    app: Flask

    def person(self, id_: str) -> lookup.Person:
        with reader() as connection:
            known = lookup.member(connection, id_)
            assert known
            person = lookup.profile_now(connection, known.no, clock.now())
        assert person
        return person

    def sessions(self, id_: str) -> int:
        with reader() as connection:
            return len(sessions.of_member(connection, self.person(id_).no, clock.now()))


@pytest.fixture
def site(start: Start, console: Console) -> Iterator[Site]:
    # The provider's pages ask for a font.
    console.forgive("fonts.googleapis.com")
    hub_port, port = free_port(), free_port()
    hub = f"http://127.0.0.1:{hub_port}"
    client = {
        "client_id": "hub",
        "client_secret": "what the two have agreed upon",
        "redirect_uris": [f"{hub}/auth/oidc/acme"],
        "post_logout_redirect_uris": [f"{hub}/sign-in"],
        "backchannel_logout_uri": f"{hub}/auth/oidc/acme/logout",
        "backchannel_logout_session_required": True,
    }
    with openid_provider(port, [client], PEOPLE) as issuer:
        app = start(
            HUB_URL=hub,
            HUB_DEMO="off",
            HUB_CONTACT="the partner desk",
            HUB_OIDC_ACME_TITLE="Acme's account",
            HUB_OIDC_ACME_ISSUER=issuer,
            HUB_OIDC_ACME_CLIENT_ID="hub",
            HUB_OIDC_ACME_CLIENT_SECRET=client["client_secret"],
            HUB_OIDC_ACME_GROUPS="owners=partner_owner;reps=sales_rep",
            HUB_OIDC_ACME_CREATE="on",
        )
        publish(PROGRAM.read_text())
        with served(app, hub_port):
            yield Site(hub, issuer, app)


def sign_in(page: Page, site: Site, login: str, wanted: str = "/") -> None:
    page.goto(site.hub + wanted)
    page.get_by_role("link", name="Sign in with Acme's account").click()
    page.get_by_placeholder("Enter any login").fill(login)
    page.get_by_placeholder("and password").fill("anything")
    page.get_by_role("button", name="Sign-in").click()


def test_a_known_person_lands_on_the_page_asked_for_with_what_was_hers(site: Site, page: Page) -> None:
    sign_in(page, site, "bo", "/points?from=mail")
    expect(page).to_have_url(f"{site.hub}/points?from=mail")
    bo = site.person("bo")
    assert (bo.name, bo.roles) == ("Bo Lind", ("sales_rep",)), "what the hub knows of her stands"
    page.goto(site.hub)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bo")


def test_a_new_person_lands_on_the_homepage_of_her_role(site: Site, page: Page) -> None:
    sign_in(page, site, "nora")
    expect(page).to_have_url(f"{site.hub}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nora")
    nora = site.person("nora")
    assert (nora.name, nora.roles, nora.locale, nora.time_zone) == (
        "Nora New",
        ("partner_owner",),
        "de",
        "Europe/Berlin",
    )
    assert nora.organization
    assert nora.organization.id == "acme"


def test_its_pages_are_open_to_everybody(site: Site, page: Page, console: Console, axe: Axe) -> None:
    console.forgive("403")
    found = []
    for login in (None, "eve"):
        if login:
            sign_in(page, site, login)
        else:
            page.goto(f"{site.hub}/sign-in")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            found += faults(page, axe, f"{login} {width}")
    assert found == []


def test_somebody_of_no_organization_here_reads_whom_to_ask(site: Site, page: Page, console: Console) -> None:
    console.forgive("403")
    sign_in(page, site, "eve")
    expect(page.get_by_role("heading", level=1)).to_have_text("No way in yet")
    expect(page.get_by_text("Ask the partner desk")).to_be_visible()
    expect(page.get_by_text("eve", exact=True)).to_be_visible()
    with reader() as connection:
        assert lookup.member(connection, "eve") is None


def test_signing_out_ends_it_here_and_there(site: Site, page: Page) -> None:
    sign_in(page, site, "bo")
    page.get_by_text("Menu of Bo Lind").locator("..").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page).to_have_url(re.compile(f"^{re.escape(site.hub)}/sign-in"))
    assert site.sessions("bo") == 0
    page.get_by_role("link", name="Sign in with Acme's account").click()
    expect(page.get_by_placeholder("Enter any login")).to_be_visible()


def test_a_session_that_the_provider_ends_is_over_here(site: Site, new_page: Callable[..., Page], page: Page) -> None:
    sign_in(page, site, "bo")
    expect(page).to_have_url(f"{site.hub}/")
    other = new_page()
    sign_in(other, site, "bo")
    expect(other).to_have_url(f"{site.hub}/")
    assert site.sessions("bo") == 2
    page.goto(f"{site.provider}/session/end")
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_text("Sign-out Success")).to_be_visible()
    page.goto(f"{site.hub}/points")
    expect(page).to_have_url(f"{site.hub}/sign-in?next=%2Fpoints")
    assert site.sessions("bo") == 1, "the one of the other browser goes on"
    other.goto(f"{site.hub}/points")
    expect(other).to_have_url(f"{site.hub}/points")
