"""Signing in by SAML, in a real browser at a real provider: there and back by its form, across sites."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browsers import Console
from tests.club import PROGRAM, publish
from tests.databases import ROOT
from tests.identity import asserting
from tests.identity.conftest import Start, free_port, node, served
from tests.identity.test_openid_browser import Site

ATTRIBUTES = ("displayName", "email", "organization", "groups")


@pytest.fixture
def site(start: Start, tmp_path: Path, console: Console) -> Iterator[Site]:
    console.forgive("favicon.ico|fonts.googleapis.com|ERR_NAME_NOT_RESOLVED")
    hub_port, port = free_port(), free_port()
    hub, described, people = f"http://127.0.0.1:{hub_port}", tmp_path / "metadata.xml", tmp_path / "people.json"
    told = [{"id": name, "displayName": name, "description": "", "multiValue": False} for name in ATTRIBUTES]
    unnamed = {"userName": "", "nameIdFormat": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"}
    people.write_text(json.dumps({"user": {**unnamed, **dict.fromkeys(ATTRIBUTES, "")}, "metadata": told}))
    keys = {name: tmp_path / f"{name}.pem" for name in ("key", "cert")}
    keys["key"].write_text(asserting.keys().key)
    keys["cert"].write_text(asserting.keys().certificate)
    arguments = {
        "host": "127.0.0.1",
        "port": str(port),
        "issuer": "urn:acme:idp",
        "acsUrl": f"{hub}/auth/saml/acme/acs",
        "audience": f"{hub}/auth/saml/acme/metadata",
        **{name: str(file) for name, file in keys.items()},
        "configFile": str(people),
        "signResponse": "false",
    }
    program = ROOT / "node_modules" / "saml-idp" / "bin" / "run.js"
    options = [part for name, value in arguments.items() for part in (f"--{name}", value)]
    with node(program, *options, answers=f"http://127.0.0.1:{port}/metadata"):
        # The provider writes its own address as it was asked: another site than the hub's.
        described.write_text(httpx.get(f"http://localhost:{port}/metadata").text)
        app = start(
            HUB_URL=hub,
            HUB_DEMO="off",
            HUB_SAML_ACME_TITLE="Acme's directory",
            HUB_SAML_ACME_METADATA=str(described),
            HUB_SAML_ACME_GROUPS="owners=partner_owner;reps=sales_rep",
            HUB_SAML_ACME_CREATE="on",
        )
        publish(PROGRAM.read_text())
        with served(app, hub_port):
            yield Site(hub, f"http://localhost:{port}", app)


def sign_in(page: Page, site: Site, subject: str, wanted: str = "/", **attributes: str) -> None:
    page.goto(site.hub + wanted)
    page.get_by_role("link", name="Sign in with Acme's directory").click()
    for name, value in {"userName": subject, **attributes}.items():
        page.locator(f".form-profile [name={name}]").fill(value)
    page.get_by_role("button", name="Sign In", exact=False).click()


def test_a_known_person_lands_on_the_page_asked_for(site: Site, page: Page) -> None:
    sign_in(page, site, "bo", "/points?from=mail", groups="reps")
    expect(page).to_have_url(f"{site.hub}/points?from=mail")
    assert site.person("bo").roles == ("sales_rep",)
    assert site.sessions("bo") == 1


def test_a_new_person_lands_on_the_homepage_of_her_role(site: Site, page: Page) -> None:
    told = {"displayName": "Nora New", "email": "nora@acme.example", "organization": "acme", "groups": "owners"}
    sign_in(page, site, "nora", **told)
    expect(page).to_have_url(f"{site.hub}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nora")
    nora = site.person("nora")
    assert (nora.name, nora.roles) == ("Nora New", ("partner_owner",))


def test_signing_out_ends_it(site: Site, page: Page) -> None:
    sign_in(page, site, "bo", groups="reps")
    expect(page).to_have_url(f"{site.hub}/")
    page.get_by_text("Menu of Bo Lind").locator("..").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{site.hub}/sign-in")
    assert site.sessions("bo") == 0
