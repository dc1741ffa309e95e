"""The open streams of one web process, and what each has still to be told.

All of it belongs to the event loop: no locks. What a stream has not sent yet is a set of its own topics, so a slow
reader costs no memory; topics that change again meanwhile are told once. A cursor goes out only with the last topic
that it covers, so that a reconnect misses nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Iterable

from hub.live.tickets import Ticket
from hub.live.topics import event_name, is_slow
from hub.signals import EVERYTHING

STREAMS = 5_000
STREAMS_PER_MEMBER = 20
TOGETHER_SECONDS = 0.05
SLOW_SECONDS = 2.0
HEARTBEAT_SECONDS = 15.0
RETRY_MS = 1_000


class Stream:
    """One page's stream."""

    def __init__(self, ticket: Ticket, streams: Streams) -> None:
        self.ticket = ticket
        self._streams = streams
        self._pending: set[str] = set()
        self._told_at: dict[str, float] = {}
        self._news = asyncio.Event()
        self._end: bytes | None = None

    def offer(self, topics: Iterable[str]) -> None:
        """These changed. Ends of what is already pending are not waited for: it is told once."""
        self._pending.update(topics)
        self._news.set()

    def offer_missed(self, topics: set[str]) -> None:
        """Of what changed while it was not listening, its own."""
        if EVERYTHING in topics or (topics and EVERYTHING in self.ticket.topics):
            self.offer((EVERYTHING,))
        else:
            self.offer(topics & self.ticket.topics)

    def close(self) -> None:
        """Forget it. Once."""
        self._streams.close(self)

    def end(self, last_words: bytes = b"") -> None:
        """Finish, after `last_words`. A page that is told `hub:end` does not come back."""
        self._end = last_words
        self._news.set()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """What is sent, piece by piece, until the stream is ended."""
        yield f"retry: {RETRY_MS}\n".encode() + self._told(["hub:open"])
        while self._end is None:
            due = self._take(time.monotonic())
            if due:
                yield self._told([event_name(topic) for topic in due])
                await asyncio.sleep(TOGETHER_SECONDS)
            elif not await self._wait():
                yield b": still here\n" + self._id() + b"\n"
        yield self._end

    def _take(self, now: float) -> list[str]:
        """The topics to be told now. Everything includes each; slow ones wait for their turn."""
        if EVERYTHING in self._pending:
            self._pending = {EVERYTHING}
        due = sorted(topic for topic in self._pending if self._turn(topic) <= now)
        self._pending.difference_update(due)
        self._told_at.update((topic, now) for topic in due if is_slow(topic))
        return due

    def _turn(self, topic: str) -> float:
        """When a topic may be told again, by the monotonic clock in seconds."""
        told_at = self._told_at.get(topic)
        return 0.0 if told_at is None else told_at + SLOW_SECONDS

    async def _wait(self) -> bool:
        """Until there is something to do; False where it was only time to show life."""
        turn = min(map(self._turn, self._pending), default=None)
        patience = HEARTBEAT_SECONDS if turn is None else max(0.0, turn - time.monotonic())
        self._news.clear()
        try:
            async with asyncio.timeout(patience):
                await self._news.wait()
        except TimeoutError:
            return turn is not None
        return True

    def _told(self, events: list[str]) -> bytes:
        *others, last = [f"event: {event}\ndata: {{}}\n".encode() for event in events]
        return b"".join(event + b"\n" for event in others) + self._id() + last + b"\n"

    def _id(self) -> bytes:
        cursor = self._streams.cursor
        return b"" if self._pending or cursor is None else f"id: {cursor}\n".encode()


class Streams:
    """All of them. `cursor`: every notice up to this number has been offered; None before the first look."""

    def __init__(self) -> None:
        self.cursor: int | None = None
        self.members: Counter[int] = Counter()
        self._all: set[Stream] = set()
        self._listening: defaultdict[str, set[Stream]] = defaultdict(set)
        self._closed = False

    def __len__(self) -> int:
        return len(self._all)

    def open(self, ticket: Ticket) -> Stream | None:
        """A stream that hears of everything from now on; None where there are enough."""
        if self._closed or len(self._all) >= STREAMS or self.members[ticket.member] >= STREAMS_PER_MEMBER:
            return None
        stream = Stream(ticket, self)
        self._all.add(stream)
        self.members[ticket.member] += 1
        for topic in ticket.topics:
            self._listening[topic].add(stream)
        return stream

    def close(self, stream: Stream) -> None:
        self._all.discard(stream)
        self.members[stream.ticket.member] -= 1
        if not self.members[stream.ticket.member]:
            del self.members[stream.ticket.member]
        for topic in stream.ticket.topics:
            self._listening[topic].discard(stream)
            if not self._listening[topic]:
                del self._listening[topic]

    def spread(self, topics: set[str], cursor: int) -> None:
        """Offer what changed to whom it concerns."""
        self.cursor = cursor
        for topic in topics:
            for stream in self._listening.get(topic, ()):
                stream.offer((topic,))
        for stream in self._all if EVERYTHING in topics else self._listening.get(EVERYTHING, ()):
            stream.offer((EVERYTHING,))

    def watched(self) -> tuple[set[int], set[int]]:
        """The members and the sessions whose streams are open."""
        # Asked from another thread: copied whole, before anybody can change it.
        tickets = [stream.ticket for stream in list(self._all)]
        return {one.member for one in tickets}, {one.session for one in tickets if one.session is not None}

    def cut(self, members: set[int], sessions: set[int]) -> None:
        """End the streams of members and sessions that may no longer have one."""
        for stream in self._all:
            if stream.ticket.member in members or stream.ticket.session in sessions:
                stream.end(b"event: hub:end\ndata: {}\n\n")

    def end(self) -> None:
        """End them all, and open no more: the process stops. Their pages come back, to another one."""
        self._closed = True
        for stream in self._all:
            stream.end()
