"""The worker: digests what is pending, for as long as its process lives.

It polls every 50 ms, and asks the digest only where something may have been committed, or a second has passed:
windows close by time. On SQLite one worker works at a time, by a lock on a file that ends with its process; on
PostgreSQL row locks keep any number apart.
"""

from __future__ import annotations

import fcntl
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from sqlalchemy import Connection, delete, exists, select
from sqlalchemy.exc import SQLAlchemyError

from hub import clock
from hub.db import db, transaction
from hub.ledger import digest
from hub.ledger.tables import workers
from hub.signals import Changes, polling

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0
#: A worker that has not been seen for this long counts as dead. A batch takes seconds at most.
ALIVE_US = 60 * clock.SECOND
BACKOFF_SECONDS = (0.1, 5.0)


class AlreadyWorking(Exception):
    """Another worker has this SQLite database."""


@contextmanager
def sole() -> Iterator[None]:
    """On SQLite: be the only worker for the block, or raise AlreadyWorking. On PostgreSQL: nothing."""
    url = db.engine.url
    if url.get_backend_name() != "sqlite":
        yield
        return
    with Path(f"{url.database}.worker").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyWorking(f"another worker digests {url.database}; SQLite has one at a time") from None
        yield


class Worker:
    """One worker, from `run` until `stop` is set."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop
        self._id = secrets.token_hex(8)
        self._seen_at = float("-inf")

    def run(self) -> None:
        """Work until stopped. A database that fails is tried again; a fault of the hub itself ends the process."""
        least, most = BACKOFF_SECONDS
        pause = 0.0
        while not self._stop.wait(pause):
            began = time.monotonic()
            try:
                with polling() as connection:
                    self._work(connection)
            except SQLAlchemyError as error:
                pause = least if time.monotonic() - began > most else min(max(pause * 2, least), most)
                log.warning("the worker lost the database, again in %.1f s: %s", pause, str(error).splitlines()[0])
        self._leave()

    def _work(self, connection: Connection) -> None:
        changed, looked_at = Changes(connection), float("-inf")
        while not self._stop.is_set():
            self._show_life()
            if time.monotonic() - looked_at >= LOOK_SECONDS or (changed() and digest.pending()):
                looked_at = time.monotonic()
                self._digest_all()
            self._stop.wait(POLL_SECONDS)

    def _digest_all(self) -> None:
        while not self._stop.is_set() and digest.run():
            self._show_life()

    def _show_life(self) -> None:
        """Not oftener than every few seconds: it is a write."""
        if time.monotonic() - self._seen_at < HEARTBEAT_SECONDS:
            return
        now = clock.now()
        with transaction() as connection:
            started_at = connection.scalar(select(workers.c.started_at).where(workers.c.id == self._id))
            gone = workers.c.seen_at < now - ALIVE_US
            connection.execute(delete(workers).where((workers.c.id == self._id) | gone))
            connection.execute(workers.insert(), {"id": self._id, "started_at": started_at or now, "seen_at": now})
        self._seen_at = time.monotonic()

    def _leave(self) -> None:
        try:
            with transaction() as connection:
                connection.execute(delete(workers).where(workers.c.id == self._id))
        except SQLAlchemyError as error:
            log.warning("the worker could not sign off: %s", str(error).splitlines()[0])


def alive(connection: Connection, now: int) -> bool:
    """Whether a worker has been seen of late."""
    return bool(connection.scalar(select(exists().where(workers.c.seen_at >= now - ALIVE_US))))
