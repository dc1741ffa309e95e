"""A hub that knows the cast, and somebody who reads its pages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.docs.reader import Command, Reader


@pytest.fixture
def reader(app: Flask, client: FlaskClient, hub: Command, cast: Any, tmp_path: Path) -> Iterator[Reader]:
    assert cast
    folder = tmp_path / "reader"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield Reader(app, client, hub, folder)
