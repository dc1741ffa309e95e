"""Building the demo: program, people, months of events, all digested; through the doors that everybody uses.

The first publishing says when the demo was made, and everything is told relative to it. So what was begun and broken
off is finished by the next start, and later starts add what happened in the days that have passed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, exists, func, inspect, select

from hub import clock
from hub.clock import DAY
from hub.db import reader, transaction
from hub.demo import people, scene, story
from hub.demo.people import Person
from hub.demo.scene import Scene
from hub.demo.story import Happening
from hub.directory import assignments, lookup, members, organizations, targets
from hub.directory.tables import members as members_table
from hub.gamification.plan import Version
from hub.ledger import digest, log, programs
from hub.ledger.arrivals import HUB_VISITED
from hub.ledger.tables import entries, versions
from hub.signals import queue

DAYS = 274
PROGRAM = Path(__file__).with_name("program.yaml")
#: The first line of the demo's program: by it a database is known to hold the demo.
MARK = PROGRAM.read_text(encoding="utf-8").split("\n", 1)[0]

_SLICE = 2_000
#: A demo whose story ends so long before it was made was broken off while it was being made.
_WHOLE_US = 4 * DAY
_AGAIN_US = 2 * DAY
_BY, _WHY = "demo", "left the company"

#: Hears what is being done, how much of it is done, and how much there is.
Report = Callable[[str, int, int], None]


class NotEmpty(Exception):
    """The database holds something else."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a demo is: everything smaller is for tests."""

    members: int = people.MEMBERS
    days: int = DAYS


def is_built() -> bool:
    """Whether this database holds the demo; False where it is empty, or has no tables yet. May raise NotEmpty."""
    with reader() as connection:
        tables = set(inspect(connection).get_table_names())
        if not {"versions", "members", "entries"} <= tables:
            if tables - {"alembic_version"}:
                raise NotEmpty
            return False
        text = connection.scalar(select(versions.c.text).where(versions.c.version == 1))
        if text is None and _is_empty(connection):
            return False
    if text is None or not text.startswith(MARK):
        raise NotEmpty
    return True


def _is_empty(connection: Connection) -> bool:
    held = exists().select_from(members_table) | exists().select_from(entries)
    return not connection.scalar(select(held))


def build(report: Report = lambda *_: None, scale: Scale = Scale()) -> int:
    """Fill a migrated database that is empty or holds the demo up to now; -> how many events came in."""
    now = clock.now()
    version = _published(now)
    everybody = people.everybody(scale.days, scale.members)
    with reader() as connection:
        newest = connection.scalar(select(func.max(entries.c.time)).where(entries.c.source.in_(_SOURCES))) or 0
    told = _history(everybody, version, scale, now)
    if newest < version.published_at - _WHOLE_US:
        _enter(everybody, told.targets, version.published_at, scale, now)
    sent = _send([one for one in told.told if one.time > newest - _AGAIN_US], version, now, report)
    _digest(report)
    _part_with(people.left(everybody), now)
    return sent


_SOURCES = sorted(set(story.SOURCES.values()))


def _published(now: int) -> Version:
    """The first version of the demo's program: the one that says when the demo was made."""
    with transaction() as connection:
        if (plan := programs.plan(connection)) is not None:
            return plan.versions[0]
        version = programs.publish_text(connection, PROGRAM.read_text(encoding="utf-8"), now)
    assert not isinstance(version, list), f"the demo's program has faults: {version[0]}"
    return version


def _history(everybody: Sequence[Person], version: Version, scale: Scale, now: int) -> Scene:
    """All that is to be told by now: the set scene up to when the demo was made, then simply what went on."""
    began = version.published_at
    told = story.tell(everybody, began, scale.days, now)
    set_ = scene.set_([one for one in told if one.time <= began], everybody, version.program.calendar, began)
    later = [one for one in told if one.time > began]
    # Bo's visit of today is for the visitor to make.
    today = next((story.today(one, now).isoformat() for one in everybody if one.id == scene.BO), "")
    later = [one for one in later if (one.kind, one.id) != (HUB_VISITED, f"visit/{scene.BO}/{today}")]
    return Scene(set_.told + later, set_.targets)


def _enter(
    everybody: Sequence[Person], agreed: Sequence[targets.TargetRecord], began: int, scale: Scale, now: int
) -> None:
    """The directory: everybody as of the first day of the story."""
    with transaction() as connection:
        organizations.upsert(connection, people.organizations(began, scale.days), now)
        members.upsert(connection, people.members(everybody, began, scale.days), now)
        assignments.upsert(connection, people.assignments(everybody), now)
        targets.upsert(connection, agreed, now)


def _send(told: Sequence[Happening], version: Version, now: int, report: Report) -> int:
    """In slices, so that nobody else waits for long to write."""
    waiting: Iterator[Happening] = iter(told)
    taken = done = 0
    while batch := list(islice(waiting, _SLICE)):
        arrivals = [one.arrival() for one in batch]
        with transaction() as connection:
            verdicts = log.append(connection, arrivals, version.program.events, now)
        taken += sum(verdict.status == "accepted" for verdict in verdicts)
        done += len(batch)
        report("events", done, len(told))
    return taken


def _digest(report: Report) -> None:
    total = left = _waiting()
    while digest.run():
        left = _waiting()
        report("digested", total - left, total)


def _waiting() -> int:
    with reader() as connection:
        return connection.scalar(select(func.count()).select_from(queue)) or 0


def _part_with(ids: Sequence[str], now: int) -> None:
    with transaction() as connection:
        for known in lookup.members(connection, ids).values():
            members.deactivate(connection, known.no, _BY, _WHY, now)
