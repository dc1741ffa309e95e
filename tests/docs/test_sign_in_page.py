"""docs/sign-in.md names every setting of a provider and every address that one must know, and none that is not."""

from pathlib import Path

from flask import Flask

import config
from config import Config
from hub.cli import sso
from tests.docs import pages

PAGE = pages.page("sign-in")


def described() -> dict[str, list[str]]:
    return {pages.code(row[0])[0]: row[1:] for row in pages.rows(pages.section(PAGE, "Settings")) if pages.code(row[0])}


def test_every_setting_of_a_provider_is_there_and_no_other():
    every = {f"HUB_OIDC_NAME_{name}" for name in config.OIDC_SETTINGS if name not in config.LINKING_SETTINGS}
    every |= {f"HUB_SAML_NAME_{name}" for name in config.SAML_SETTINGS if name not in config.LINKING_SETTINGS}
    files = {name for name in every if name.endswith("_FILE")}
    assert set(described()) == every - files | set(config.LINKING_SETTINGS)
    assert all(f"`{name}`" in PAGE.read_text() for name in files)


def test_the_defaults_are_those_of_the_code(tmp_path: Path):
    (tmp_path / "metadata.xml").write_text("<xml/>")
    needed = {"ISSUER": "https://id.example.com", "CLIENT_ID": "hub", "CLIENT_SECRET": "s"}
    made = Config.from_env(
        {
            "HUB_INSTANCE": str(tmp_path),
            **{f"HUB_OIDC_ACME_{name}": value for name, value in needed.items()},
            "HUB_SAML_ACME_METADATA": str(tmp_path / "metadata.xml"),
        }
    )
    [oidc], [saml], told = made.oidc, made.saml, described()
    assert told["HUB_OIDC_NAME_SCOPES"][0] == f"`{oidc.scopes}`"
    assert told["MATCH"][0] == f"`{oidc.linking.match}`; SAML: `{saml.linking.match}`"
    assert told["FIELDS"][0] == f"`{config.OIDC_FIELDS}`; SAML: `{config.SAML_FIELDS}`"
    assert pages.code(told["FIELDS"][1]) == list(config.PROFILE_FIELDS)
    for one in (oidc.linking, saml.linking):
        assert told["GROUPS_CLAIM"][0] == f"`{one.groups_claim}`"
        assert told["ORGANIZATION_CLAIM"][0] == f"`{one.organization_claim}`"
        assert (one.trust_email, one.create, one.roles) == (False, False, {})


def test_every_address_that_a_provider_is_told_exists(app: Flask):
    rules = {rule.rule.replace("<name>", "NAME") for rule in app.url_map.iter_rules()}
    told = {text for text in pages.code(pages.prose(PAGE)) if text.startswith("https://hub.example.com/")}
    paths = {text.removeprefix("https://hub.example.com") for text in told}
    for name in ("entra", "okta", "keycloak", "google"):
        paths = {path.replace(f"/{name}", "/NAME") for path in paths}
    assert paths <= rules
    # Where people begin: no provider needs to know it.
    assert {path for path in rules - paths if path.startswith("/auth/")} <= {"/auth/saml/NAME"}


def test_what_the_log_says_is_what_the_code_says():
    code = "".join(file.read_text() for file in (pages.ROOT / "hub" / "identity").rglob("*.py"))
    said = [
        text.removesuffix(" ...")
        for row in pages.rows(pages.section(PAGE, "When it does not work"))
        for text in pages.code(row[0])
    ]
    foreign = {"invalid_client", "expired", "Check system clock", "Deprecated signature algorithm"}
    assert [text for text in said if text not in foreign and text not in code] == []


def test_the_commands_that_the_page_names_are_those_of_the_group():
    named = {text.split()[2] for text in pages.code(pages.prose(PAGE)) if text.startswith("hub sso ")}
    assert named <= set(sso.sso.commands)
