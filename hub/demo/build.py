"""Building the demo: program, people, months of events, all digested; through the doors that everybody uses."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random

from sqlalchemy import exists, select

from hub import clock
from hub.db import reader, transaction
from hub.demo import people, story
from hub.directory import assignments, members, organizations
from hub.ledger import digest, log, programs
from hub.ledger.tables import entries, versions

DAYS = 274
SEED = 20_260_101
_SLICE = 1_000

PROGRAM = Path(__file__).with_name("program.yaml")


class NotEmpty(Exception):
    """The database holds something else."""


def is_built() -> bool:
    """Whether this database holds the demo already; NotEmpty where it holds something else."""
    with reader() as connection:
        text = connection.scalar(select(versions.c.text).where(versions.c.version == 1))
        has_entries = connection.scalar(select(exists(select(entries.c.no))))
    if text is None and not has_entries:
        return False
    if text is None or "Harbor Partner Club" not in text:
        raise NotEmpty
    return True


def build(progress: Callable[[str, int], None], number: int = people.MEMBERS, days: int = DAYS) -> None:
    """Fill an empty, migrated database; `progress` hears what is being done and how much of it is."""
    now, random = clock.now(), Random(SEED)
    with transaction() as connection:
        version = programs.publish_text(connection, PROGRAM.read_text(encoding="utf-8"), now)
    assert not isinstance(version, list), f"the demo's program has faults: {version[0]}"
    cast = people.everybody(random, days, number)
    with transaction() as connection:
        organizations.upsert(connection, people.organizations(), now)
        members.upsert(connection, people.members(cast), now)
        assignments.upsert(connection, people.assignments(), now)
    told = story.arrivals(cast, now, days, random)
    done = 0
    while batch := list(islice(told, _SLICE)):
        with transaction() as connection:
            log.append(connection, batch, version.program.events, now)
        done += len(batch)
        progress("events", done)
    done = 0
    while digested := digest.run():
        done += digested
        progress("digested", done)
