"""How widgets are found."""

import sys
from pathlib import Path

import pytest

from hub.gamification import homepages
from hub.widgets import kit

DECLARED = """
from hub.widgets.kit import Option, Widget
widget = Widget("greeting", title="Greeting", icon="heart", options=(Option("words"),))
"""


def test_the_program_language_and_the_folders_agree_on_what_is_served() -> None:
    assert kit.options() == {name: frozenset(options) for name, options in homepages.SERVED.items()}


def test_every_option_that_names_something_names_a_section_of_the_program() -> None:
    sections = {"badges", "streaks", "goals", "leaderboards", "metrics"}
    assert {option.names for kind in kit.catalogue().values() for option in kind.widget.options} <= {None, *sections}


def test_the_catalogue_says_whose_topics_a_widget_listens_to() -> None:
    heard = {name: kind.widget.listens for name, kind in kit.catalogue().items()}
    assert heard["points"] == ("points/{member}", "badges/{member}", "goals/{member}")
    assert heard["progress_to_goal"] == ("goals/{member}", "organization/{organization}")


def test_a_widget_of_another_package_comes_through_an_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "someones_greeting"
    package.mkdir()
    (package / "__init__.py").write_text(DECLARED)
    (package / "query.py").write_text("def query(view):\n    return view.options\n")
    (package / "widget.html").write_text("{{ it }}")
    metadata = tmp_path / "someones_greeting-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: someones-greeting\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[hub.widgets]\ngreeting = someones_greeting\n")
    monkeypatch.syspath_prepend(tmp_path)
    kit.catalogue.cache_clear()
    try:
        assert kit.options()["greeting"] == {"words"}
        assert kit.catalogue()["greeting"].folder == package
    finally:
        kit.catalogue.cache_clear()
        sys.modules.pop("someones_greeting", None)


def test_a_folder_that_declares_no_widget_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_a_widget").mkdir()
    (tmp_path / "half_a_widget" / "__init__.py").write_text("")
    (tmp_path / "half_a_widget" / "query.py").write_text("def query(view): ...")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TypeError, match="half_a_widget declares no"):
        kit._kind("half_a_widget")
