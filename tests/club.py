"""A small club for tests of what people see: the cast, a published program, and what happens to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from flask import Flask

from hub import clock
from hub.db import reader, transaction
from hub.identity.viewers import viewer
from hub.ledger import arrivals, digest, log, programs
from hub.ledger.standings import Version
from hub.widgets import kit

PROGRAM = Path(__file__).with_name("club.yaml")


#: On SQLite there is one worker: whoever digests takes turns.
DIGESTING = Lock()


@dataclass(frozen=True)
class Club:
    """What the tests tell: `happens` is in the log and digested, `looks` is a member's view of it."""

    numbers: dict[str, int]
    ids: Iterator[int]

    def happens(self, who: str, kind: str, time: str = "2026-11-20T09:30:00+01:00", **data: Any) -> None:
        self.enters(who, kind, time, **data)
        self.digests()

    def enters(self, who: str, kind: str, time: str = "2026-11-20T09:30:00+01:00", **data: Any) -> None:
        """It is in the log, and not digested yet."""
        sent = {"id": str(next(self.ids)), "source": "crm", "type": kind, "subject": who, "time": time, "data": data}
        arrival = arrivals.read(sent, clock.now(), lambda *_: True)
        with transaction() as connection:
            version = programs.newest(connection)
            assert version
            [verdict] = log.append(connection, [arrival], version.program.events, clock.now())
        assert verdict.status == "accepted", verdict

    def digests(self) -> None:
        with DIGESTING:
            while digest.run():
                pass

    @contextmanager
    def looks(self, who: str, **options: Any) -> Iterator[kit.View]:
        with reader() as connection:
            member = viewer(connection, self.numbers[who], clock.now())
            version = programs.newest(connection)
            assert member
            assert version
            yield kit.View(connection, member, version, clock.now(), options)


def publish(text: str) -> Version:
    with transaction() as connection:
        made = programs.publish_text(connection, text, clock.now())
    assert not isinstance(made, list), made
    return made


@pytest.fixture
def club(app: Flask, cast: dict[str, int]) -> Club:
    assert app
    publish(PROGRAM.read_text())
    return Club(cast, count(1))
