"""The app on a fresh, migrated database, with the clock of the tests standing still.

The cast is the same everywhere: Ada owns Acme, Bo sells for Acme, Fay looks after Acme for the vendor, Cy is from
elsewhere and must always get a 404.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import Config
from hub import clock, create_app
from hub.cli import main
from hub.db import db, reader, transaction
from hub.directory import assignments, lookup, members, organizations
from hub.directory.assignments import AssignmentRecord
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.identity import sessions
from hub.identity.sessions import Proof
from hub.identity.viewers import KEPT_AS

#: The fixture `signed_in`.
SignedIn = Callable[[str], FlaskClient]

#: A Monday in Berlin's winter time.
NOW = "2026-11-23T10:00:00Z"
JANUARY = clock.instant("2026-01-01T00:00:00Z")

ORGANIZATIONS = (
    OrganizationRecord("acme", OrganizationProfile("Acme", "reseller", "gold", "emea"), JANUARY),
    OrganizationRecord("globex", OrganizationProfile("Globex", "distributor", "silver", "apac"), JANUARY),
    OrganizationRecord("vendor", OrganizationProfile("The vendor"), JANUARY),
)
#: Beside the four: Bea sells for Acme too, Pat runs the program.
PEOPLE = (
    MemberRecord("ada", MemberProfile("Ada Berg", "ada@acme.example", "acme", ("partner_owner",)), (), JANUARY),
    MemberRecord(
        "bo", MemberProfile("Bo Lind", None, "acme", ("sales_rep",), "Europe/Berlin", "de"), ("lms:4711",), JANUARY
    ),
    MemberRecord("bea", MemberProfile("Bea Noor", None, "acme", ("sales_rep",)), (), JANUARY),
    MemberRecord("fay", MemberProfile("Fay Okafor", None, "vendor", ("field_team",)), (), JANUARY),
    MemberRecord("pat", MemberProfile("Pat Silva", None, "vendor", ("program_admin",)), (), JANUARY),
    MemberRecord("cy", MemberProfile("Cy Tanaka", None, "globex", ("sales_rep",), "Asia/Tokyo"), (), JANUARY),
)
LOOKED_AFTER = (AssignmentRecord("acme", "fay", "field_team"),)


#: What production wants beside a database.
PRODUCTION = {
    "HUB_ENV": "production",
    "HUB_NOW": "",
    "HUB_URL": "https://hub.example.com",
    "SECRET_KEY": "bYx3Qe7-rW9vKz2TnL5pJc8MhG4sFd6A",
}


class Client(FlaskClient):
    """Reads answers to their end at once, so that no file stays open; each request has a `g` of its own."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        # Inside the test's app context Flask would make no other, and who is signed in would stay in it.
        with self.application.app_context():
            return super().open(*args, **{"buffered": True, **kwargs})


def settings(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """What a hub on this database is started with."""
    return {
        "HUB_ENV": "test",
        "HUB_INSTANCE": str(folder / "instance"),
        "HUB_NOW": NOW,
        "DATABASE_URL": database_url,
        "SECRET_KEY": "only for tests",
        **more,
    }


def started(database_url: str, folder: Path, **more: str) -> Iterator[Flask]:
    """An app with these settings, inside its context; its connections are closed afterwards."""
    app = create_app(Config.from_env(settings(database_url, folder, **more)))
    app.test_client_class = Client
    app.testing = True  # what fails in a request fails the test
    with app.app_context():
        yield app
        db.engine.dispose()
    clock.set_source(None)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The hub on SQLite and then on PostgreSQL, inside its app context."""
    yield from started(database_url, tmp_path)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser, or another system, that talks to `app`."""
    return app.test_client()


def enter_cast() -> dict[str, int]:
    """The cast, known since January: their numbers by id."""
    with transaction() as connection:
        organizations.upsert(connection, ORGANIZATIONS, JANUARY)
        members.upsert(connection, PEOPLE, JANUARY)
        assignments.upsert(connection, LOOKED_AFTER, JANUARY)
    with reader() as connection:
        return {id_: known.no for id_, known in lookup.members(connection, [one.id for one in PEOPLE]).items()}


@pytest.fixture
def cast(app: Flask) -> dict[str, int]:
    """A hub that knows the cast since January: their numbers by id."""
    assert app
    return enter_cast()


def browser_of(app: Flask, number: int) -> FlaskClient:
    """A member's browser, signed in."""
    client = app.test_client()
    with transaction() as connection:
        token = sessions.open_(connection, number, Proof("demo"), "", clock.now())
    with client.session_transaction() as session:
        session[KEPT_AS] = token
    return client


@pytest.fixture
def signed_in(app: Flask, cast: dict[str, int]) -> SignedIn:
    """The browser of one of the cast, signed in: `signed_in("bo").get("/")`."""
    return lambda id_: browser_of(app, cast[id_])


def token(client: FlaskClient, path: str = "/sign-in") -> str:
    """What a form of this page is sent with; without it nothing is taken."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)
    assert found
    return found[1]


@pytest.fixture
def hub(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str, str]]:
    """The `hub` command on the database of `app`: `hub("keys", "list")` gives exit status, output, error output."""
    config = app.config["HUB"]
    environ = settings(config.database_url.render_as_string(hide_password=False), config.instance.parent)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def command(*arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(main, arguments)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout, done.stderr

    return command
