"""A writer that takes its time, on PostgreSQL: a digest that has written all it has to say, and has not committed."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import select, text

from hub.db import db, reader
from hub.ledger import digest
from hub.signals import queue

PATIENCE_SECONDS = 30


@contextmanager
def digesting(app: Flask) -> Iterator["Future[int]"]:
    """A digest of what is queued, in a thread; it does not come to its end within the block."""
    with ThreadPoolExecutor(1) as threads, db.engine.connect() as connection, connection.begin():
        # At its very end it takes from the queue what it has digested.
        connection.execute(select(queue).with_for_update()).all()
        running = threads.submit(_digest, app)
        until = time.monotonic() + PATIENCE_SECONDS
        while not _somebody_waits():
            assert time.monotonic() < until
            time.sleep(0.01)
        yield running
        assert not running.done()


def _digest(app: Flask) -> int:
    with app.app_context():
        return digest.run()


def _somebody_waits() -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with reader() as connection:
        return bool(connection.scalar(text(waiting)))
