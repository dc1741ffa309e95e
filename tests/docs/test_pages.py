"""Every page: its links lead somewhere, its commands exist as written."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from hub.cli import main
from tests.docs import pages

PAGES = pytest.mark.parametrize("path", pages.PAGES, ids=lambda path: path.name)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


@PAGES
def test_links_lead_somewhere(path: Path):
    for link in _LINK.findall(pages.prose(path)):
        if link.startswith(("http://", "https://")):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        assert target.is_relative_to(pages.ROOT), link
        assert not anchor or anchor in pages.anchors(target), link


@PAGES
def test_commands_exist_as_they_are_written(path: Path):
    told = [words for block in pages.blocks(path, "sh", "ini") for words in written(block)]
    told += [shlex.split(text) for text in pages.code(pages.prose(path)) if re.match(r"(hub|make) [a-z-]", text)]
    for words in told:
        name = words[0].rpartition("/")[2]
        if name == "hub":
            check(words[1:])
        elif name == "make":
            made = [word for word in words[1:] if "=" not in word]
            assert set(made) <= targets(), words


def written(block: pages.Block) -> Iterator[list[str]]:
    if block.language == "sh":
        yield from pages.commands(block.text)
    else:
        for line in block.text.splitlines():
            if line.startswith("ExecStart="):
                yield line.removeprefix("ExecStart=").split()


def check(words: list[str]) -> None:
    """The command is there, and takes these options."""
    command: click.Command = main
    context: Any = click.Context(main, info_name="hub")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"hub has no command {' '.join(words)}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context, info_name=command.name)
    command.make_parser(context).parse_args(list(words))


def targets() -> set[str]:
    return set(_TARGET.findall((pages.ROOT / "Makefile").read_text()))


def test_every_target_of_make_is_explained():
    told = " ".join(pages.code((pages.ROOT / "CONTRIBUTING.md").read_text().replace("```", "")))
    shell = " ".join(block.text for block in pages.blocks(pages.ROOT / "CONTRIBUTING.md", "sh"))
    assert targets() <= set(re.findall(r"make ([a-z-]+)", told + shell))


def test_what_is_not_there_is_found():
    with pytest.raises(AssertionError, match="no command eat"):
        check(["eat"])
    with pytest.raises(click.UsageError, match="--eat"):
        check(["db", "upgrade", "--eat"])


def test_the_shell_is_read_as_a_shell_reads_it():
    text = 'A=1 hub x --set a="b c" \\\n  --y && make t # z\necho 1 > file\n'
    assert list(pages.commands(text)) == [["hub", "x", "--set", "a=b c", "--y"], ["make", "t"], ["echo", "1"]]
