"""What the tests of the pages share: their program, a page's words, and its links."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from itertools import count
from pathlib import Path

from flask.testing import FlaskClient

from tests.club import Club, publish

PROGRAM = Path(__file__).with_name("pages.yaml")

Browser = Callable[[str], FlaskClient]


def founded(cast: dict[str, int]) -> Club:
    """The club of the pages."""
    publish(PROGRAM.read_text())
    return Club(cast, count(1))


def words(text: str) -> str:
    """The words of a page that one sees, or of a part of one."""
    main = text.split("<main", 1)[1].split("</main>", 1)[0].split(">", 1)[1] if "<main" in text else text
    seen = re.sub(r'<(\w+) class="unseen".*?</\1>', "", main, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", seen))).strip()


def read(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return words(answer.text)


def links(client: FlaskClient, path: str) -> list[str]:
    """Where a page's own content leads."""
    text = client.get(path).text
    return [unescape(href) for href in re.findall(r'href="([^"]+)"', text.split("<main", 1)[1].split("</main>", 1)[0])]
