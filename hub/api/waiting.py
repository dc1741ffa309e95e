"""Waiting for the worker: web processes append and never score, so they look until it has digested what is new."""

from __future__ import annotations

import time
from collections.abc import Collection

from hub.db import reader
from hub.ledger import log

POLL_SECONDS = 0.02


def digested(entries: Collection[int], seconds: float) -> bool:
    """Whether all of these entries are digested, or are within so many seconds."""
    until = time.monotonic() + seconds
    while True:
        with reader() as connection:
            if not log.pending(connection, entries):
                return True
        if time.monotonic() > until:
            return False
        time.sleep(POLL_SECONDS)
