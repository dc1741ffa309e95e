"""What a page can listen to, as the names of DOM events: `points/17` arrives on the page as `hub:points.17`.

A widget's `hx-trigger` is made by `trigger`. The short delay makes one request of several topics that changed together.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from hub.signals import EVERYTHING

#: Boards change with every sale of anybody, and many pages show the same one.
#: So does the share of a change-over.
SLOW = ("leaderboard/", "change_over")
DELAY_MS = 30


def event_name(topic: str) -> str:
    """The DOM event of a topic: different for each, and nothing in it that `hx-trigger` would take as its own."""
    return "hub:" + quote(topic, safe="/").replace(".", "%2E").replace("/", ".")


def trigger(topics: Iterable[str]) -> str:
    """The `hx-trigger` of an element that shows these topics: when one changes, or when all is looked at again."""
    return ", ".join(f"{event_name(topic)} from:body delay:{DELAY_MS}ms" for topic in (*topics, EVERYTHING))


def is_slow(topic: str) -> bool:
    """Whether a page is told of it only every few seconds."""
    return topic == EVERYTHING or topic.startswith(SLOW)
