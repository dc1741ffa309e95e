"""Following: one thread of a web process looks for notices, and for streams whose member or session has ended.

It polls. A lost message of a database's own channel would have to be found by polling anyway, and one indexed read
every 50 ms, on SQLite not even that, costs a fraction of a percent of a processor.
"""

from __future__ import annotations

import asyncio
import logging
import time
from threading import Event, Thread

from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub import clock
from hub.db import reader
from hub.directory import lookup
from hub.identity.sessions import living
from hub.live.streams import Streams
from hub.live.tickets import Ticket
from hub.signals import EVERYTHING, Changes, Follower, polling, since

log = logging.getLogger(__name__)

POLL_SECONDS = 0.05
ENTITLED_SECONDS = 2.0
BACKOFF_SECONDS = (0.1, 5.0)


class Following:
    """The thread, from `start` to `stop`. What it finds it hands to the event loop, which owns the streams."""

    def __init__(self, app: Flask, streams: Streams, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._streams = streams
        self._loop = loop
        self._stop = Event()
        self._follower: Follower | None = None
        #: Set once it knows where it begins: from then on pages have a cursor.
        self.ready = Event()
        self._thread = Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        least, most = BACKOFF_SECONDS
        pause = least
        with self._app.app_context():
            while not self._stop.wait(pause):
                began = time.monotonic()
                try:
                    with polling() as connection:
                        self._follow(connection)
                except SQLAlchemyError as error:
                    pause = least if time.monotonic() - began > most else min(pause * 2, most)
                    log.warning("the live stream lost the database, again in %.1f s: %s", pause, _first_line(error))
                except Exception:
                    # The edge of a thread: were it to end, open pages would stand still without anybody noticing.
                    pause = most
                    log.exception("following notices failed, again in %.1f s", pause)

    def _follow(self, connection: Connection) -> None:
        """Until stopped, or the database fails. What was read before a failure is remembered after it."""
        self._resume(connection)
        changed, entitled_at = Changes(connection), 0.0
        while not self._stop.wait(POLL_SECONDS):
            if changed():
                self._read(connection)
            if time.monotonic() - entitled_at >= ENTITLED_SECONDS:
                self._check_entitled(connection)
                entitled_at = time.monotonic()

    def _resume(self, connection: Connection) -> None:
        follower = Follower(connection)
        # A database restored from a copy counts again from where the copy was.
        if self._follower is None or follower.last < self._follower.last:
            restored, self._follower = self._follower is not None, follower
            self._hand(follower, {EVERYTHING} if restored else set())
        connection.rollback()
        self.ready.set()

    def _read(self, connection: Connection) -> None:
        follower = self._follower
        assert follower
        cursor = None
        while (topics := follower.read(connection, clock.now())) or cursor != follower.cursor:
            connection.rollback()
            cursor = follower.cursor
            self._hand(follower, topics)
        connection.rollback()

    def _hand(self, follower: Follower, topics: set[str]) -> None:
        self._loop.call_soon_threadsafe(self._streams.spread, topics, follower.cursor)

    def _check_entitled(self, connection: Connection) -> None:
        members, sessions = self._streams.watched()
        gone_members = members - lookup.active(connection, members)
        gone_sessions = sessions - living(connection, sessions, clock.now())
        connection.rollback()
        if gone_members or gone_sessions:
            self._loop.call_soon_threadsafe(self._streams.cut, gone_members, gone_sessions)


def admit(app: Flask, ticket: Ticket, cursor: int | None) -> set[str] | None:
    """What a page has missed since its cursor; None where it may no longer have a stream. Asks the database."""
    with app.app_context(), reader() as connection:
        if not lookup.active(connection, [ticket.member]):
            return None
        if ticket.session is not None and not living(connection, [ticket.session], clock.now()):
            return None
        return {EVERYTHING} if cursor is None else since(connection, cursor)


def _first_line(error: SQLAlchemyError) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
