"""Child processes of `hub serve`: started, started again when they die, stopped together.

Each child holds the reading end of a pipe, its lifeline. It never carries a byte: that it closes says that the parent
is gone, however it went, and the child stops as if asked to.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Event, Thread

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
#: A child that has lived this long starts again at once.
STEADY_SECONDS = 30.0
BACKOFF_SECONDS = (0.2, 10.0)
#: Longer than a web process takes to let its requests finish.
STOP_SECONDS = 10.0


@dataclass
class Child:
    """A process of the `hub` command, kept running."""

    name: str
    arguments: list[str]
    files: tuple[int, ...]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = 0.0
    starts_at: float = field(default=float("-inf"))

    def look(self, now: float) -> None:
        """Start it where it does not run, after a pause that grows while it keeps dying."""
        if self.process and self.process.poll() is not None:
            self._note_death(now)
        if self.process is None and now >= self.starts_at:
            self.process = self._start()
            self.started_at = now

    def stop(self, number: signal.Signals) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, until: float) -> bool:
        """Whether it has ended by then."""
        try:
            return self.process is None or self.process.wait(max(0.0, until - time.monotonic())) is not None
        except subprocess.TimeoutExpired:
            return False

    def _note_death(self, now: float) -> None:
        assert self.process
        least, most = BACKOFF_SECONDS
        self.pause = least if now - self.started_at > STEADY_SECONDS else min(max(least, self.pause * 2), most)
        log.error("%s ended with %s, again in %.1f s", self.name, self.process.returncode, self.pause)
        self.process, self.starts_at = None, now + self.pause

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches the parent alone, which asks the children in order.
        command = [sys.executable, "-m", "hub.cli", *self.arguments]
        return subprocess.Popen(command, pass_fds=self.files, stdin=subprocess.DEVNULL, start_new_session=True)


def keep(children: list[Child], stop: Event) -> None:
    """Keep them running until `stop` is set; then end them all, within STOP_SECONDS."""
    while not stop.is_set():
        for child in children:
            child.look(time.monotonic())
        stop.wait(LOOK_SECONDS)
    _end(children)


def _end(children: Iterable[Child]) -> None:
    for child in children:
        child.stop(signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    for child in children:
        if not child.wait(until):
            log.error("%s does not end; killed", child.name)
            child.stop(signal.SIGKILL)
            child.wait(until + 1)


def stop_at_signal() -> Event:
    """An event that SIGTERM and SIGINT set."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def follow_lifeline(end: int | None) -> None:
    """Ask this process to stop, as SIGTERM does, when its parent is gone."""

    def wait() -> None:
        assert end is not None
        os.read(end, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    if end is not None:
        Thread(target=wait, name="lifeline", daemon=True).start()
