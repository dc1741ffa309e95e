"""A stream tells its page what changed: soon, together, once, boards not too often; its cursor skips nothing."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from hub.live import streams as module
from hub.live.streams import STREAMS_PER_MEMBER, Stream, Streams
from hub.live.tickets import Ticket
from hub.signals import EVERYTHING

OPENING = "retry: 1000\nid: 5\nevent: hub:open\ndata: {}\n\n"


class Reader:
    """What a page receives."""

    def __init__(self, streams: Streams, *topics: str, member: int = 17) -> None:
        stream = streams.open(Ticket(member, frozenset(topics), 5))
        assert stream
        self.stream: Stream = stream
        self._chunks = stream.chunks()

    async def next(self, seconds: float = 1.0) -> str:
        return (await asyncio.wait_for(anext(self._chunks), seconds)).decode()

    async def events(self, seconds: float = 1.0) -> list[str]:
        lines = (await self.next(seconds)).splitlines()
        return [line.removeprefix("event: hub:") for line in lines if line.startswith("event: ")]


def played(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test on an event loop of its own, with streams at cursor 5."""

    def run() -> None:
        streams = Streams()
        streams.cursor = 5
        asyncio.run(test(streams))

    run.__doc__, run.__name__ = test.__doc__, test.__name__
    return run


@played
async def test_a_page_hears_of_its_own_topics_only(streams: Streams) -> None:
    bo, cy = Reader(streams, "points/17", "badges/17"), Reader(streams, "points/99", member=99)
    assert await bo.next() == OPENING
    await cy.next()
    streams.spread({"points/17", "streaks/17"}, 6)
    assert await bo.next() == "id: 6\nevent: hub:points.17\ndata: {}\n\n"
    with pytest.raises(TimeoutError):
        await cy.next(0.2)


@played
async def test_topics_that_change_together_are_told_together_and_once(streams: Streams) -> None:
    bo = Reader(streams, "points/17", "badges/17", "streaks/17")
    await bo.next()
    streams.spread({"points/17"}, 6)
    assert await bo.events() == ["points.17"]
    for cursor in (7, 8, 9):
        streams.spread({"points/17", "badges/17"}, cursor)
        await asyncio.sleep(0.01)
    assert await bo.next() == "event: hub:badges.17\ndata: {}\n\nid: 9\nevent: hub:points.17\ndata: {}\n\n"


@played
async def test_a_board_is_told_at_once_then_at_most_every_two_seconds_and_the_last_change_always(
    streams: Streams,
) -> None:
    bo = Reader(streams, "leaderboard/top", "points/17")
    await bo.next()
    loop = asyncio.get_running_loop()
    streams.spread({"leaderboard/top"}, 6)
    assert await bo.events() == ["leaderboard.top"]
    first = loop.time()
    streams.spread({"leaderboard/top", "points/17"}, 7)
    held = await bo.next()
    assert held == "event: hub:points.17\ndata: {}\n\n", "no cursor while the board is owed"
    assert await bo.next(3) == "id: 7\nevent: hub:leaderboard.top\ndata: {}\n\n"
    assert 1.9 < loop.time() - first < 2.3


@played
async def test_everything_includes_each(streams: Streams) -> None:
    bo = Reader(streams, "points/17", "leaderboard/top")
    await bo.next()
    streams.spread({"points/17", "leaderboard/top", EVERYTHING}, 6)
    assert await bo.events() == ["all"]


@played
async def test_a_page_too_large_for_its_ticket_is_told_to_look_at_everything(streams: Streams) -> None:
    ada = Reader(streams, EVERYTHING)
    await ada.next()
    streams.spread({"points/17"}, 6)
    assert await ada.events() == ["all"]


@played
async def test_a_slow_reader_costs_no_memory(streams: Streams) -> None:
    bo = Reader(streams, "points/17", "badges/17")
    for cursor in range(6, 10_006):
        streams.spread({"points/17", "badges/17", f"points/{cursor}"}, cursor)
    assert len(bo.stream._pending) == 2


@played
async def test_what_was_missed_comes_before_the_first_cursor(streams: Streams) -> None:
    bo = Reader(streams, "points/17", "badges/17")
    bo.stream.offer_missed({"points/17", "points/99"})
    assert "id:" not in await bo.next()
    assert await bo.next() == "id: 5\nevent: hub:points.17\ndata: {}\n\n"


@played
async def test_a_quiet_stream_shows_life_and_moves_its_cursor_on(streams: Streams) -> None:
    bo = Reader(streams, "points/17")
    await bo.next()
    streams.spread({"points/99"}, 9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "HEARTBEAT_SECONDS", 0.05)
        assert await bo.next() == ": still here\nid: 9\n\n"
        assert await bo.next() == ": still here\nid: 9\n\n"


@played
async def test_a_member_cut_off_is_told_not_to_come_back(streams: Streams) -> None:
    bo, cy = Reader(streams, "points/17"), Reader(streams, "points/99", member=99)
    await bo.next()
    await cy.next()
    streams.cut({17}, set())
    assert await bo.next() == "event: hub:end\ndata: {}\n\n"
    with pytest.raises(StopAsyncIteration):
        await bo.next()
    streams.spread({"points/99"}, 6)
    assert await cy.events() == ["points.99"]


@played
async def test_a_member_has_so_many_streams_and_no_more(streams: Streams) -> None:
    bos = [Reader(streams, "points/17") for _ in range(STREAMS_PER_MEMBER)]
    assert streams.open(bos[0].stream.ticket) is None
    Reader(streams, "points/99", member=99)
    bos[0].stream.close()
    assert streams.open(bos[0].stream.ticket)


@played
async def test_closed_streams_leave_nothing_behind(streams: Streams) -> None:
    readers = [Reader(streams, f"points/{i}", "leaderboard/top", member=i) for i in range(50)]
    for reader in readers:
        reader.stream.close()
    assert (len(streams), len(streams.members), len(streams._listening)) == (0, 0, 0)


@played
async def test_a_process_that_stops_ends_its_streams_and_opens_no_more(streams: Streams) -> None:
    bo = Reader(streams, "points/17")
    await bo.next()
    streams.end()
    assert await bo.next() == ""
    assert streams.open(bo.stream.ticket) is None
