"""docs/widgets.md: the widget of the page, copied from it, works; it has no more than twenty lines."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from hub import widgets
from hub.gamification import program
from hub.widgets import kit
from tests.app import started
from tests.club import PROGRAM, Club
from tests.docs import pages

PAGE = pages.page("widgets")
CODE = pages.blocks(PAGE, "python", "jinja")
FILES = ("__init__.py", "query.py", "widget.html")


@pytest.fixture
def app(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """A hub with the page's folder among its widgets."""
    folder = tmp_path / "widgets" / "last_award"
    folder.mkdir(parents=True)
    for name, block in zip(FILES, CODE, strict=True):
        (folder / name).write_text(block.text)
    monkeypatch.setattr(widgets, "__path__", [*widgets.__path__, str(folder.parent)])
    kit.catalogue.cache_clear()
    yield from started(database_url, tmp_path)
    kit.catalogue.cache_clear()
    for name in [name for name in sys.modules if name.startswith("hub.widgets.last_award")]:
        del sys.modules[name]


def test_the_widget_of_the_page_shows_what_it_says(club: Club):
    def shown() -> str:
        with club.looks("bo") as view:
            rendered = kit.render(kit.catalogue()["last_award"], view)
        assert not rendered.failed
        return str(rendered.html)

    assert "None yet" in shown()
    club.happens("bo", "deal.won", amount=1000, deal="d-1")
    assert "Deal maker" in shown()


def test_a_program_can_place_it(app: Flask):
    assert app
    text = PROGRAM.read_text().replace("sales_rep:\n", "sales_rep:\n    - {widget: last_award}\n")
    assert program.read(text, now=0, widgets=kit.options()).program


def test_it_has_no_more_than_twenty_lines():
    lines = [line for block in CODE for line in block.text.splitlines() if line.strip()]
    assert len(lines) <= 20


def test_the_readme_shows_the_same():
    assert [block.text for block in pages.blocks(pages.ROOT / "README.md", "python", "jinja")] == [
        block.text for block in CODE
    ]


def test_the_folder_is_named_as_the_page_says():
    assert re.findall(r"`(?:hub/widgets/last_award/)?([\w.]+\.(?:py|html))`", PAGE.read_text())[:3] == list(FILES)
