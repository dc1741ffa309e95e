"""The app on a fresh, migrated database, with the clock of the tests standing still.

The cast is the same everywhere: Ada owns Acme, Bo sells for Acme, Fay looks after Acme for the vendor, Cy is from
elsewhere and must always get a 404.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from config import Config
from hub import clock, create_app
from hub.db import db

#: A Monday in Berlin's winter time.
NOW = "2026-11-23T10:00:00Z"


class Client(FlaskClient):
    """Reads answers to their end at once, so that no file stays open."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
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
