"""What one can make other systems send on the demo's page: each act is an event of the program, with some choices."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from hub.demo import story
from hub.demo.story import ASSETS, CAMPAIGNS, COURSES, MODULES_A_COURSE
from hub.gamification.program import Program
from hub.ledger.arrivals import decode_data
from hub.ledger.tables import entries
from hub.wording import Quantity

AMOUNTS = ("2400", "12000", "38000")
SCORES = ("5", "4", "2")
LETTERS = 4


@dataclass(frozen=True, slots=True)
class Act:
    """`choices`: what a visitor chooses among, side by side or `listed`; none where there is nothing to choose."""

    kind: str
    icon: str
    data: Callable[[str], Mapping[str, Any]]
    choices: tuple[str, ...] = ()
    listed: bool = False
    unit: str | None = None

    @property
    def source(self) -> str:
        return story.SOURCES[self.kind]

    def chosen(self, choice: str) -> str | None:
        """The choice if it is one of this act's; None: it is none."""
        return choice if choice in (self.choices or ("",)) else None

    def said(self, choice: str) -> Quantity | str:
        return Quantity(int(choice), self.unit) if self.unit else choice


def _mark() -> str:
    """Part of a name that no event had before."""
    return secrets.token_hex(LETTERS)


ACTS = (
    Act(
        story.WON,
        "handshake",
        lambda amount: {"amount": int(amount), "product": "cloud", "deal": f"DEMO-{_mark()}"},
        AMOUNTS,
        unit="EUR",
    ),
    Act(story.REGISTERED, "file-text", lambda _: {"deal": f"DEMO-{_mark()}"}),
    Act(story.MODULE, "book-open", lambda course: {"course": course}, COURSES, listed=True),
    Act(story.DOWNLOAD, "download", lambda asset: {"asset": asset}, ASSETS, listed=True),
    Act(story.LEAD, "user", lambda _: {"lead": f"DEMO-{_mark()}"}),
    Act(
        story.CAMPAIGN, "megaphone", lambda kind: {"campaign": f"DEMO-{_mark()}", "kind": kind}, CAMPAIGNS, listed=True
    ),
    Act(story.TICKET, "wrench", lambda _: {"ticket": f"DEMO-{_mark()}", "hours": 2}),
    Act(story.RATING, "star", lambda score: {"score": int(score)}, SCORES),
    Act(story.PARTNER, "map-pin", lambda _: {"partner": "acme"}),
)


def of(program: Program) -> tuple[Act, ...]:
    """Those whose events this program knows."""
    return tuple(act for act in ACTS if act.kind in program.events)


def named(program: Program, kind: str) -> Act | None:
    return next((act for act in of(program) if act.kind == kind), None)


def sent(connection: Connection, act: Act, choice: str, member: int, id_: str, time: str) -> dict[str, Any]:
    """The event as the other system would send it."""
    data = dict(act.data(choice))
    if act.kind == story.MODULE:
        data["module"] = _next_module(connection, member, choice)
    return {
        "id": f"demo/{_mark()}{_mark()}",
        "source": act.source,
        "type": act.kind,
        "subject": id_,
        "time": time,
        "data": data,
    }


def choices(connection: Connection, act: Act, member: int) -> tuple[str, ...]:
    """An act's choices, those first that still lead somewhere: courses that she has not completed."""
    if act.kind != story.MODULE:
        return act.choices
    done = _modules_done(connection, member)
    return tuple(sorted(act.choices, key=lambda course: all(module in done for module in _modules(course))))


def _next_module(connection: Connection, member: int, course: str) -> str:
    """The first of the course that she has not completed; the last where there is none."""
    done, modules = _modules_done(connection, member), _modules(course)
    return next((module for module in modules if module not in done), modules[-1])


def _modules(course: str) -> list[str]:
    return [f"{course} {number}" for number in range(1, MODULES_A_COURSE + 1)]


def _modules_done(connection: Connection, member: int) -> set[str]:
    rows = connection.scalars(select(entries.c.data).where(entries.c.member == member, entries.c.type == story.MODULE))
    return {str(decode_data(row).get("module")) for row in rows}
