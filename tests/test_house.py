"""The house rules that no tool checks."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = sorted((ROOT / "hub" / "gamification").rglob("*.py"))
# A pure function has no use for these: they tell the time, touch the machine, or differ from call to call.
IMPURE = {
    "asyncio",
    "io",
    "locale",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "socket",
}
IMPURE |= {"sqlite3", "subprocess", "tempfile", "threading", "time", "urllib", "uuid"}
PURE = sys.stdlib_module_names - IMPURE
# Reading the program file is part of the core; these two give values, whatever the machine.
READERS = {"source.py": {"ruamel"}, "public_holidays.py": {"holidays"}}


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)


@pytest.mark.parametrize("file", CORE, ids=lambda file: file.stem)
def test_the_core_imports_only_itself_and_what_is_pure(file: Path):
    allowed = PURE | READERS.get(file.name, set())
    foreign = {
        name
        for name in imported(file)
        if name.split(".")[0] not in allowed and not f"{name}.".startswith("hub.gamification.")
    }
    assert not foreign


# The content security policy refuses these in the reader's browser: scripts and styles in the page, and text that htmx
# would evaluate.
REFUSED = re.compile(r"\shx-on|[\"'{\s]js:|javascript:|\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)")


def test_templates_hold_nothing_that_the_policy_refuses():
    templates = [*(ROOT / "hub").rglob("*.html")]
    found = [(file.relative_to(ROOT), REFUSED.findall(file.read_text())) for file in templates]
    assert [(file, refused) for file, refused in found if refused] == []
