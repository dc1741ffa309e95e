"""docs/operations.md names every setting and every number there is, and none that is not."""

import json
import re
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

import config
from config import Config
from tests.docs import pages

PAGE = pages.page("operations")
#: What the pages call them.
PROVIDERS = ("ENTRA", "OKTA", "KEYCLOAK", "GOOGLE", "ACME")


class Asked(dict[str, str]):
    """An environment that remembers what was looked for."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)


def test_every_setting_is_there_and_no_other(tmp_path: Path):
    environ = Asked({"HUB_INSTANCE": str(tmp_path)})
    Config.from_env(environ)
    files = {f"{name}_FILE" for name in config.SECRETS}
    described = {pages.code(row[0])[0] for row in pages.rows(pages.section(PAGE, "Settings"))}
    assert described == environ.names - files
    assert set(re.findall(r"`(\w+_FILE)`", PAGE.read_text())) == files == environ.names & files


def test_the_defaults_are_those_of_the_code(tmp_path: Path):
    defaults = {pages.code(row[0])[0]: row[1] for row in pages.rows(pages.section(PAGE, "Settings"))}
    made = Config.from_env({"HUB_INSTANCE": str(tmp_path)})
    assert defaults["HUB_ENV"] == f"`{made.env}`"
    assert defaults["HUB_URL"] == f"`{made.url}`"
    assert defaults["HUB_TRUSTED_PROXIES"] == f"`{made.trusted_proxies}`"
    assert defaults["HUB_SESSION_IDLE_HOURS"] == f"`{made.session_idle_hours}`"
    assert defaults["HUB_SESSION_HOURS"] == f"`{made.session_hours}`"
    assert (defaults["HUB_LIVE"], made.live) == ("`on`", True)
    assert made.database_url.database == str(tmp_path / "hub.sqlite")
    assert (tmp_path / "secret_key").exists()


def test_every_setting_that_a_page_exports_exists(tmp_path: Path):
    environ = Asked({"HUB_INSTANCE": str(tmp_path)})
    Config.from_env(environ)
    for prefix, settings in (("HUB_OIDC_", config.OIDC_SETTINGS), ("HUB_SAML_", config.SAML_SETTINGS)):
        environ.names |= {f"{prefix}{name}_{setting}" for name in PROVIDERS for setting in settings}
    for path in pages.PAGES:
        for block in pages.blocks(path, "sh"):
            named = set(re.findall(r"\b((?:HUB|SECRET|DATABASE)_[A-Z_]+)=", block.text)) - {"HUB_KEY"}
            assert named <= environ.names, block


def test_readiness_is_answered_as_shown(client: FlaskClient):
    shown = [json.loads(block.text) for block in pages.blocks(PAGE, "json")]
    assert client.get("/readyz").json in shown


def test_every_metric_is_described_and_no_other(client: FlaskClient):
    client.get("/healthz")
    told = client.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).get_data(as_text=True)
    names = set(re.findall(r"^# TYPE (hub_\w+) (?:gauge|histogram)$", told, re.MULTILINE))
    described = {text for row in pages.rows(pages.section(PAGE, "Is it well?")) for text in pages.code(row[0])}
    assert {name for name in names if not name.endswith("_created")} == {n for n in described if n.startswith("hub_")}
