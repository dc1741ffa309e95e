"""The jobs: what happens by the clock, each with a name, a cadence and one function.

They run in worker processes, in one of them at a time: on SQLite the only worker; on PostgreSQL whoever holds an
advisory lock, which ends with its connection. A job may run twice or be left out, so each is safe to repeat.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from hub import clock, signals
from hub.api import idempotency
from hub.db import db, transaction
from hub.directory.present import refresh_due
from hub.identity import replays, saml, sessions
from hub.identity.scim import joining
from hub.ledger import former

log = logging.getLogger(__name__)

#: The hub's number among the advisory locks of a PostgreSQL database.
LEADER = 0x6875_62


@dataclass(frozen=True)
class Job:
    """`run` takes the time. It stands in its own transactions."""

    name: str
    every_seconds: int
    run: Callable[[int], object]


def forget_notices(now: int) -> None:
    """Notices that every page has long seen."""
    with transaction() as connection:
        signals.forget(connection, now)


def refresh_profiles(now: int) -> None:
    """Profiles dated ahead whose time has come."""
    more = True
    while more:
        with transaction() as connection:
            more = refresh_due(connection, now)


JOBS = (
    Job("forget_answers", 3_600, idempotency.forget),
    Job("forget_former_values", 300, former.forget),
    Job("forget_notices", 60, forget_notices),
    Job("forget_sessions", 3_600, sessions.forget),
    Job("forget_assertions", 60, saml.pages.forget),
    Job("forget_shown", 3_600, replays.forget),
    Job("join_organizations", 60, joining.join),
    Job("refresh_profiles", 60, refresh_profiles),
)


class Jobs:
    """The jobs of an app, and whether this process is the one that runs them."""

    def __init__(self, app: Flask, jobs: tuple[Job, ...] = JOBS) -> None:
        self._app = app
        self._jobs = jobs
        self._leading = Lock()
        self._leader: Connection | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run them in the background for the block."""
        # Web processes do without the scheduler's memory.
        from apscheduler.schedulers.background import BackgroundScheduler

        scheduler = BackgroundScheduler(timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1})
        for job in self._jobs:
            scheduler.add_job(self.run, "interval", [job], seconds=job.every_seconds, id=job.name)
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=True)
            self._resign()

    def run(self, job: Job) -> bool:
        """Run one where this process leads: whether it ran. A database that fails is for the next time."""
        with self._app.app_context():
            try:
                if not self.leads():
                    return False
                job.run(clock.now())
            except SQLAlchemyError as error:
                log.warning("job %s: %s", job.name, str(error).splitlines()[0])
                return False
        return True

    def leads(self) -> bool:
        """Whether this process leads, or does from now on because nobody else does."""
        if db.engine.dialect.name == "sqlite":
            return True
        with self._leading:
            if self._leader is not None and not _lives(self._leader):
                self._resign()
            if self._leader is None:
                self._leader = _elect()
            return self._leader is not None

    def _resign(self) -> None:
        leader, self._leader = self._leader, None
        if leader is not None:
            # Closed and not given back to the pool: the lock ends with the connection.
            leader.detach()
            leader.close()


def _elect() -> Connection | None:
    connection = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    if connection.scalar(text("SELECT pg_try_advisory_lock(:leader)"), {"leader": LEADER}):
        return connection
    connection.close()
    return None


def _lives(connection: Connection) -> bool:
    try:
        return bool(connection.scalar(text("SELECT 1")))
    except SQLAlchemyError:
        return False


def init(app: Flask) -> None:
    app.extensions["jobs"] = Jobs(app)
