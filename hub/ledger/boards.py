"""Leaderboards, read: ranks, neighbours, names as the board shows them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from hub.directory import lookup, profiles
from hub.directory.names import storable
from hub.gamification.conditions import Predicate, compiled
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.plan import kind_name
from hub.gamification.ranking import number, order_key
from hub.gamification.windows import Calendar, Window
from hub.ledger import changeover, closing, former, programs
from hub.ledger.former import Moment
from hub.ledger.rankings import Among, Counts, Final, Indexed, Listed, Ranked, Ranking, Stand, Then
from hub.ledger.standings import AROUND, BoardRow, BoardStanding, Version
from hub.ledger.tables import final_boards, organization_values

_MAX_CURSOR = 8_000


class BadCursor(Exception):
    """No page has this cursor."""


class Unwatched(Exception):
    """Further pages could not be of the same moment: have these values watched (`former.watch`), and ask again."""

    def __init__(self, metric: str, window: str) -> None:
        super().__init__(metric, window)
        self.metric, self.window = metric, window


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks: `who` is a member (on boards of organizations: an organization), whose rank and neighbours are told.

    Names are told as to `organization`; where `everything`, all of them, whatever the board says.
    """

    who: int | None = None
    organization: int | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for: by default the window that holds now, among whom she stands, as many as the board shows."""

    window: str | None = None
    among: str | None = None
    limit: int | None = None
    cursor: str | None = None
    around: int = AROUND
    steady: bool = False  # pages are to be of one moment


def board(
    connection: Connection,
    version: Version,
    key: str,
    viewer_member_no: int | None,
    now: int,
    *,
    window: str | None = None,
    among: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
    around: int = AROUND,
) -> BoardStanding | None:
    """A leaderboard as the viewer may see it; without `among` the one she stands on. None: no such board or window.

    Without a viewer all names are told.
    """
    declared = version.program.leaderboards.get(key)
    if declared is None:
        return None
    asking = viewing(connection, declared, viewer_member_no, now)
    return standing(connection, version, declared, asking, now, Asked(window, among, limit, cursor, around))


def viewing(connection: Connection, declared: Leaderboard, member: int | None, now: int) -> Asking:
    """A member who looks at a board as what she is; None: somebody who sees all names."""
    if member is None:
        return Asking(everything=True)
    organization = profiles.of_member(connection, member).at(now).organization
    return Asking(member if declared.whose == "member" else organization, organization)


def standing(
    connection: Connection, version: Version, declared: Leaderboard, asking: Asking, now: int, asked: Asked
) -> BoardStanding | None:
    """A leaderboard as told to whoever asks; may raise BadCursor, or Unwatched. None: it has no such window, or no such
    `among`.
    """
    window = _window(version, declared, now, asked.window)
    if window is None or (asked.among is not None and declared.among == "all"):
        return None
    final = closing.is_closed(connection, closing.BOARD, declared.key, window, now)
    segment = asked.among or _own_segment(connection, declared, window, asking, now)
    if segment is None and declared.among != "all":
        return BoardStanding(declared.key, window, None, final, 0, ())
    page = _page(connection, declared, window, asked, now)
    # Whoever began to page before it was final sees it as it was then.
    final = final and (page is None or page.then is None)
    then = None if page is None else page.then
    if final:
        ranking: Ranking = _final(connection, declared, window, segment)
    else:
        ranking = _ranking(connection, declared, window, segment, now, then)
    told = _Telling(connection, declared, ranking, asking, now).standing(window, segment, final, asked, page)
    share = None if final else changeover.share(connection, version.number)
    return told if share is None else replace(told, recalculating=share.part)


def _window(version: Version, declared: Leaderboard, now: int, name: str | None) -> Window | None:
    settings = version.program.settings
    calendar = _calendar(settings.time_zone, settings.week_starts)
    if name is None:
        return calendar.window(declared.window, now)
    kind = calendar.kind_of(name)
    fits = kind is not None and kind_name(kind) == kind_name(declared.window)
    return calendar.named(name) if fits else None


@lru_cache(maxsize=16)
def _calendar(time_zone: str, week_starts: str) -> Calendar:
    return Calendar(time_zone, week_starts)


def _own_segment(connection: Connection, declared: Leaderboard, window: Window, asking: Asking, now: int) -> str | None:
    """The region, tier... that whoever asks has, as the board looks at it."""
    if declared.among == "all" or asking.who is None:
        return None
    t = final_boards.c
    stood = select(t.among).where(t.leaderboard == declared.key, t.window == window.name, t.who == asking.who)
    if (segment := connection.scalar(stood)) is not None:
        return str(segment)
    found = _profiles(connection, declared, [asking.who], window, now)
    value = found.get(asking.who, {}).get(declared.among)
    return str(value) if value is not None else None


def _profiles(
    connection: Connection, declared: Leaderboard, who: Sequence[int], window: Window, now: int
) -> dict[int, Mapping[str, object]]:
    """What conditions see of these: now, and once the window has ended, at its end; from its final instant on as it was
    known by then, though it be closed only a little later.
    """
    at, plan, before = min(now, window.end - 1), programs.plan(connection), None
    if plan is not None and now >= window.end:
        final_at = closing.final_at(plan, closing.BOARD, declared.key, window)
        before = final_at if final_at is not None and final_at <= now else None
    if declared.whose == "member":
        return {no: timeline.at(at).values for no, timeline in profiles.timelines(connection, who, before).items()}
    return {no: timeline.at(at).values for no, timeline in profiles.of_organizations(connection, who, before).items()}


# ------------------------------------------------------------------------------------------------------ the standings


def _final(connection: Connection, declared: Leaderboard, window: Window, segment: str | None) -> Ranking:
    lowest = declared.direction == "lowest"
    return Final(connection, declared.key, window.name, segment or "", declared.whose == "member", lowest)


def _ranking(
    connection: Connection,
    declared: Leaderboard,
    window: Window,
    segment: str | None,
    now: int,
    then: Moment | None = None,
) -> Ranking:
    """The standings of now; `then`: by the values of that moment, as far as pages go."""
    lowest = declared.direction == "lowest"
    least = None if declared.minimum is None else order_key(declared.minimum)
    if declared.whose == "organization":
        rows = _organizations(connection, declared, window, least, now, then)
    elif now < window.end or (declared.for_ is None and segment is None):
        among = None if segment is None else Among(declared.among, segment)
        return Indexed(connection, declared.metric, window.name, declared.for_, among, least, lowest)
    else:
        everybody = Indexed(connection, declared.metric, window.name, None, None, least, lowest)
        rows = everybody.everybody() if then is None else Then(everybody, then).everybody()
    fits = compiled(declared.for_)
    values = _profiles(connection, declared, [row.no for row in rows], window, now)
    return Listed([row for row in rows if _stands(declared, segment, fits, values.get(row.no, {}))], lowest)


def _stands(declared: Leaderboard, segment: str | None, fits: Predicate, values: Mapping[str, object]) -> bool:
    return fits(values) and (segment is None or values.get(declared.among) == segment)


def _organizations(
    connection: Connection, declared: Leaderboard, window: Window, least: str | None, now: int, then: Moment | None
) -> list[Ranked]:
    t = organization_values.c
    query = select(t.organization, t.value, t.changed_at, t.changed_source, t.changed_id)
    rows = connection.execute(query.where(t.metric == declared.metric, t.window == window.name))
    stands = {no: Stand(*stand) for no, *stand in rows}
    if then is not None:
        for who, stood in former.stood(connection, declared.metric, window.name, then).items():
            stands.pop(-who, None)
            if who < 0 and stood is not None:
                stands[-who] = Stand(*stood)
    ranked = {no: stand for no, stand in stands.items() if least is None or stand.value >= least}
    known = lookup.organizations_now(connection, ranked, now)
    return [Ranked(stand, no, known[no].id, known[no].name, no) for no, stand in ranked.items()]


# ------------------------------------------------------------------------------------------------------- told to whom


_Names = Mapping[int, lookup.Organization]


@dataclass(frozen=True, slots=True)
class _Telling:
    """A ranking told to whoever asks: with names as the board says."""

    connection: Connection
    declared: Leaderboard
    ranking: Ranking
    asking: Asking
    now: int

    def standing(
        self, window: Window, among: str | None, final: bool, asked: Asked, page: _Page | None
    ) -> BoardStanding:
        limit = self.declared.show if asked.limit is None else asked.limit
        rows = self._pages(page).after(page.stand if page else None, limit + 1)
        mine, near = self._near(asked.around)
        counts = self.ranking.counts(near[0].stand if near else None)
        names = self._organizations([*rows[:limit], *near])
        items = self._rows(rows[:limit], names, *self._first(rows, page))
        around = self._rows(near, names, *self._found(near[0].stand, counts)) if near else ()
        total = page.total if page else counts.total
        following = None
        if len(rows) > limit:
            then = page.then if page else self._then(window, final, asked.steady)
            place = limit + (page.place if page else 0)
            following = _cursor(_Page(rows[limit - 1].stand, place, items[-1].rank, total, then))
        changed_at = max((row.stand.changed_at for row in rows[:limit]), default=None)
        own = None if mine is None else around[mine]
        return BoardStanding(self.declared.key, window, among, final, total, items, around, own, following, changed_at)

    def _pages(self, page: _Page | None) -> Ranking | Then:
        """The ranking that pages are of: behind the first the one of its moment."""
        if page is None or page.then is None or not isinstance(self.ranking, Indexed):
            return self.ranking
        return Then(self.ranking, page.then)

    def _first(self, rows: Sequence[Ranked], page: _Page | None) -> tuple[int, int]:
        """The rank of a page's first row, and how many are before it."""
        if page is None or not rows:
            return 1, 0
        if rows[0].stand.value == page.stand.value:
            return page.rank, page.place
        return page.rank + 1 if self.declared.ties == "dense" else page.place + 1, page.place

    def _then(self, window: Window, final: bool, steady: bool) -> Moment | None:
        """The moment that further pages are to be of."""
        if final or not steady:
            return None
        then = former.moment(self.connection, self.declared.metric, window.name, self.now)
        if then is None:
            raise Unwatched(self.declared.metric, window.name)
        return then

    def _near(self, around: int) -> tuple[int | None, Sequence[Ranked]]:
        """Whoever asks, also if she is not listed, and those around her: her place among these, and all of them."""
        me = None if self.asking.who is None else self.ranking.of(self.asking.who)
        if me is None:
            return None, ()
        before, after = self.ranking.before(me.stand, around), self.ranking.after(me.stand, around)
        return len(before), [*before, me, *after]

    def _found(self, stand: Stand, counts: Counts) -> tuple[int, int]:
        """The rank of a stand that these were counted at, and how many are before it."""
        better = self.ranking.different(stand) if self.declared.ties == "dense" else counts.better
        return 1 + better, counts.ahead

    def _rows(self, rows: Sequence[Ranked], names: _Names, rank: int, place: int) -> tuple[BoardRow, ...]:
        """Rows that follow one another; the first has this rank, and so many before it."""
        return tuple(self._row(row, r, names) for row, r in zip(rows, self._ranks(rows, rank, place), strict=True))

    def _ranks(self, rows: Sequence[Ranked], rank: int, place: int) -> list[int]:
        dense, ranks = self.declared.ties == "dense", [rank] if rows else []
        for before, row in pairwise(rows):
            place += before.listed
            tied = row.stand.value == before.stand.value
            ranks.append(ranks[-1] if tied else ranks[-1] + 1 if dense else place + 1)
        return ranks

    def _organizations(self, rows: Sequence[Ranked]) -> _Names:
        if self.asking.everything or self.declared.names != "own_organization" or self.declared.whose != "member":
            return {}
        others = {row.organization for row in rows if row.organization is not None}
        return lookup.organizations_now(self.connection, others, self.now)

    def _row(self, row: Ranked, rank: int, organizations: _Names) -> BoardRow:
        mine, score = row.no == self.asking.who, number(row.stand.value)
        if mine or (row.named and (self.asking.everything or self._names(row))):
            return BoardRow(rank, score, row.id, row.name, mine, self.declared.whose)
        organization = organizations.get(row.organization or 0)
        if not row.named or self.declared.names == "nobody" or organization is None:
            return BoardRow(rank, score, shown_as="nobody")
        return BoardRow(rank, score, name=organization.name, shown_as="organization")

    def _names(self, row: Ranked) -> bool:
        """Whether the board says who this is."""
        if self.declared.names != "own_organization":
            return self.declared.names == "everyone"
        if self.declared.whose == "organization":
            return True
        return row.organization is not None and row.organization == self.asking.organization


# ------------------------------------------------------------------------------------------------------------ cursors


class _Page(NamedTuple):
    """Where a page begins: behind this stand, and after so many; the rank there, and how many are ranked in all.
    `then`: the moment that all pages are of; None where nothing changes, or nobody asked for that.
    """

    stand: Stand
    place: int
    rank: int
    total: int
    then: Moment | None


def _cursor(page: _Page) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(page)).decode().rstrip("=")


def _page(connection: Connection, declared: Leaderboard, window: Window, asked: Asked, now: int) -> _Page | None:
    """Where the page begins that is asked for; None: at the top. BadCursor where there is none, or no longer."""
    if asked.cursor is None:
        return None
    page = _decoded(asked.cursor)
    texts = (page.stand.value, page.stand.changed_source, page.stand.changed_id)
    numbers = [page.stand.changed_at, *page[1:4], *(page.then.seen if page.then else ())]
    if not all(map(storable, texts)) or any(abs(number) >= 2**63 for number in numbers):
        raise BadCursor
    if page.then is not None and not former.holds(connection, page.then, declared.metric, window.name, now):
        raise BadCursor
    return page


def _decoded(cursor: str) -> _Page:
    try:
        if len(cursor) > _MAX_CURSOR:
            raise BadCursor
        padded = cursor + "=" * (-len(cursor) % 4)
        return msgspec.json.decode(base64.b64decode(padded, b"-_", validate=True), type=_Page)
    except (binascii.Error, ValueError) as error:
        raise BadCursor from error
