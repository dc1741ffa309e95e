"""The stories of docs/program.md: what happens, and after the arrow what it brings.

    2026-11-20 09:30 bo deal.won deal=d-1 amount=12345 -> won_deal 184; deal_maker Bronze

    2026-12-04 00:00 bea -> top_sellers 300

Times are Berlin's. The second line tells what goals and boards have posted to somebody by then. `deal=d-1..d-3` are
three events, a minute apart; the arrow is about all of them. Nothing else comes of what the story speaks of: of the
keys that stand after some arrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hub.gamification.numbers import Exact
from hub.gamification.outcome import Award, Effect, Extended, Paused, Points, Skip

BERLIN = ZoneInfo("Europe/Berlin")
_LINE = re.compile(r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?) (?P<who>\S+) (?P<what>[a-z_.]+)(?P<data>( \S+=\S+)*)")
_BY_THEN = re.compile(r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d) (?P<who>\S+)")
_RANGE = re.compile(r"(\w+)=([\w-]+?)(\d+)\.\.\2(\d+)")


@dataclass(frozen=True)
class Step:
    """A line. `events`: when, who, what, with which attributes; empty where the line only asks, perhaps `by_then`."""

    line: str
    who: str
    events: tuple[tuple[datetime, str, str, Mapping[str, str]], ...]
    brings: tuple[str, ...]
    by_then: datetime | None = None

    @property
    def values(self) -> dict[str, str]:
        """What the line says of values: `revenue = 5000`."""
        return dict(one.split(" = ") for one in self.brings if " = " in one)

    @property
    def effects(self) -> list[str]:
        return [one for one in self.brings if " = " not in one]


def steps(text: str) -> list[Step]:
    return [_step(line) for line in text.splitlines()]


def _step(line: str) -> Step:
    told, _, brings = (part.strip() for part in line.partition("->"))
    outcomes = tuple(one.strip() for one in brings.split(";") if one.strip())
    match = _LINE.fullmatch(told)
    if asked := _BY_THEN.fullmatch(told):
        return Step(line, asked["who"], (), outcomes, _moment(asked["time"]))
    if match is None:
        return Step(line, told, (), outcomes)
    time = _moment(match["time"])
    events = tuple(
        (time + timedelta(minutes=number), match["who"], match["what"], data)
        for number, data in enumerate(_each(match["data"]))
    )
    return Step(line, match["who"], events, outcomes)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def _each(text: str) -> Iterator[dict[str, str]]:
    """The attributes of each event of a line."""
    found = _RANGE.search(text)
    numbers = range(int(found[3]), int(found[4]) + 1) if found else (0,)
    for number in numbers:
        one = _RANGE.sub(rf"\g<1>=\g<2>{number}", text)
        yield dict(word.split("=", 1) for word in one.split())


def told(effect: Effect | Skip) -> str:
    """An effect as a story says it."""
    if isinstance(effect, Skip):
        return f"{effect.rule}: {effect.code}"
    if isinstance(effect, Points):
        return f"{effect.name} {effect.amount}"
    if isinstance(effect, Award):
        return " ".join(word for word in (effect.badge, effect.tier, effect.window, effect.object) if word)
    if isinstance(effect, Paused):
        return f"{effect.streak} paused"
    if isinstance(effect, Extended):
        return f"{effect.streak} {effect.current}"
    return f"{effect.goal} reached"


def key(outcome: str) -> str:
    return re.split(r"[ :]", outcome)[0]


def shown(value: Exact | str | None) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else f"{float(value):g}"
