"""The pages of the documentation, taken apart: links, headings, tables, and blocks of code."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]))

_FENCE = re.compile(r"^```(\w*)$")
_HEADING = re.compile(r"^#+ (.+)$")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A block of code. `named`: the last `word` of the line before it, which says what file it is."""

    page: str
    line: int
    language: str
    text: str
    named: str | None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def page(name: str) -> Path:
    return ROOT / "docs" / f"{name}.md"


def blocks(path: Path, *languages: str) -> list[Block]:
    """The blocks of a page, in their order; only those in these languages, if any are named."""
    return [block for block in _blocks(path) if not languages or block.language in languages]


def _blocks(path: Path) -> Iterator[Block]:
    lines = path.read_text().splitlines()
    opened, before = None, ""
    for number, line in enumerate(lines):
        fence = _FENCE.match(line)
        if opened is None and fence:
            opened = (number, fence[1])
        elif opened and line == "```":
            text = "\n".join(lines[opened[0] + 1 : number]) + "\n"
            names = _CODE.findall(before) if before.endswith(":") else []
            yield Block(path.name, opened[0] + 1, opened[1], text, names[-1] if names else None)
            opened, before = None, ""
        elif opened is None and line.strip():
            before = line.strip()
    assert opened is None, f"{path.name}: the block at line {opened[0] + 1 if opened else 0} does not end"


def prose(path: Path) -> str:
    """The page without its blocks of code."""
    kept, inside = [], False
    for line in path.read_text().splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def anchors(path: Path) -> set[str]:
    """What links may point to on a page, as GitHub makes it from the headings."""
    titles = [found[1] for line in prose(path).splitlines() if (found := _HEADING.match(line))]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def section(path: Path, title: str) -> str:
    """What stands under a heading, up to the next one, blocks included."""
    lines = path.read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.lstrip("#") == f" {title}")
    level = lines[start].split(" ", 1)[0]
    rest = lines[start + 1 :]
    end = next((number for number, line in enumerate(rest) if line.startswith(f"{level} ")), len(rest))
    return "\n".join(rest[:end])


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in a text, without their headings."""
    cells = [[cell.strip() for cell in _cells(line)] for line in text.splitlines() if line.startswith("|")]
    rules = [number for number, row in enumerate(cells) if set("".join(row)) <= {"-", ":"}]
    headings = {number - 1 for number in rules}
    return [row for number, row in enumerate(cells) if number not in headings and number not in rules]


def _cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line.strip().strip("|"))


def code(text: str) -> list[str]:
    """What stands in backticks."""
    return _CODE.findall(text)


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a block of shell, each as its words; comments, settings before them and redirections left out."""
    for words in _statements(text):
        while words:
            ends = [number for number, word in enumerate(words) if word in {"&&", "|", ";"}]
            end = ends[0] if ends else len(words)
            command, words = words[:end], words[end + 1 :]
            while command and re.fullmatch(r"[A-Z_]+=.*", command[0]):
                command = command[1:]
            if ">" in command:
                command = command[: command.index(">")]
            if command:
                yield command


def _statements(text: str) -> Iterator[list[str]]:
    """The words of each line; one goes on where a quotation has not ended."""
    so_far = ""
    for line in text.replace("\\\n", " ").splitlines():
        so_far += line + "\n"
        try:
            words = shlex.split(so_far, comments=True)
        except ValueError:
            continue
        so_far = ""
        yield words
    assert not so_far, f"a quotation does not end: {so_far}"
