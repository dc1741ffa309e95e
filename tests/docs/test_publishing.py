"""docs/program.md, "Before you publish": the example does what the page shows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.club import Club, publish
from tests.docs import pages
from tests.docs.test_program_page import PAGE, whole

Hub = Callable[..., tuple[int, str, str]]
SECTION = "Before you publish"


def drafted(text: str) -> str:
    """The program with the changes of the page: a line in place of another, or a new one in the section it is of."""
    [block] = pages.blocks(PAGE, "diff")
    removed = ""
    for line in block.text.splitlines():
        sign, written = line[0], line[1:]
        if sign == "-":
            removed = written
        elif removed:
            assert f"{removed}\n" in text
            text, removed = text.replace(removed, written), ""
        else:
            section = "points" if "event:" in written else "badges"
            text = text.replace(f"\n{section}:\n", f"\n{section}:\n{written}\n", 1)
    return text


def test_a_draft_is_tested_and_published_as_shown(
    hub: Hub, cast: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    text = "".join(f"{name}:\n{body}" for name, body in whole().items())
    publish(text)
    club = Club(cast, iter(range(100)))
    for who, day, amount in pages.rows(pages.section(PAGE, SECTION)):
        [date] = pages.code(day)
        club.happens(
            who.lower(), "deal.won", f"{date}T10:00:00+01:00", amount=int(amount), deal=date, product="licenses"
        )
    monkeypatch.chdir(tmp_path)
    Path("draft.yaml").write_text(drafted(text))
    [shown] = pages.blocks(PAGE, "console")
    printed = ""
    for line in shown.text.splitlines():
        if line.startswith("$ hub "):
            status, out, _ = hub(*line.removeprefix("$ hub ").split())
            assert status == 0
            printed += f"{line}\n{out}"
    assert printed == shown.text
