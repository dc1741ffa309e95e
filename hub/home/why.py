"""Why: one event with all that came of it, in words, for whoever may see whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection

from hub import clock
from hub.db import reader
from hub.directory import lookup
from hub.gamification.events import REVERSED, Event
from hub.home.brought import Brought, Missed, brought, missed
from hub.home.counted import Counted, counted
from hub.identity import Viewer, current_member, may, requires
from hub.identity.access import ALL, reach
from hub.ledger import aftermath, arrivals, effects, entry, log, programs, reading, reversals
from hub.ledger.arrivals import HUB
from hub.ledger.entry import Entry
from hub.ledger.standings import Line, Version
from hub.web import not_found
from hub.wording.phrases import Speaker

ACT = "why:see"
#: What the names of keys begin with, where they are the author of an act.
KEY = "key/"

bp = Blueprint("why", __name__)


@dataclass(frozen=True, slots=True)
class Other:
    """The other one of a reversal and the event that it takes back. `ref` None: it is not known yet."""

    reverses: bool  # this is the reversal
    ref: str | None
    title: str | None
    at: int | None
    reason: str | None
    known_at: int | None

    @property
    def gone_at(self) -> int | None:
        """Since when the event of this page was known to be taken back."""
        return None if self.reverses else self.known_at


@dataclass(frozen=True, slots=True)
class Why:
    """An event and what came of it. `digested`: it has done what it does; `points`: what it comes to by now."""

    ref: str
    title: str
    icon: str
    who: str | None
    organization: str | None
    own: bool
    found: Entry
    facts: tuple[tuple[str, str], ...]
    digested: bool
    points: int
    brought: tuple[Brought, ...]
    missed: tuple[Missed, ...]
    counted: tuple[Counted, ...]
    corrections: tuple[tuple[str, Line], ...]
    moved: tuple[tuple[str, str], ...]  # what another event brings by now, and the public name of that one
    other: Other | None
    versions: dict[int, int]  # when each version named was published


@bp.get("/why/<ref>")
@requires(ACT)
def page(ref: str) -> ResponseReturnValue:
    viewer, now = current_member(), clock.now()
    assert viewer is not None, "requires() lets nobody else in"
    with reader() as connection:
        found, version = entry.read(connection, ref), programs.newest(connection)
        if found is None or version is None or not _may_see(connection, viewer, found):
            raise not_found()
        told = _why(connection, version, viewer, found, now)
    return render_template("home/why.html", it=told)


def _may_see(connection: Connection, viewer: Viewer, found: Entry) -> bool:
    """Whose it is decides; what is nobody's yet only those see who see everybody's."""
    if found.member is None and found.organization is None:
        return reach(viewer, ACT) == ALL
    return may(connection, viewer, ACT, member=found.member, organization=found.organization)


def _why(connection: Connection, version: Version, viewer: Viewer, found: Entry, now: int) -> Why:
    by, plan = Speaker(version.program), programs.plan(connection)
    assert plan is not None
    event = log.of_entries(connection, [found.number]).get(found.number)
    digested = event is not None and not log.pending(connection, [found.number])
    told = effects.of(connection, [found.number], now).get(found.number, effects.Told()) if digested else None
    lines = reading.lines_of(connection, found.number)
    person = lookup.profile_now(connection, found.member, now) if found.member is not None else None
    cards, other = brought(connection, event, told) if event and told else [], _other(connection, by, found)
    return Why(
        ref=entry.ref(found.number),
        title=by.event(found.type),
        icon=_icon(version, found.type),
        who=person.name if person else _organization(connection, found, now),
        organization=person.organization.name if person and person.organization else None,
        own=found.member == viewer.no,
        found=found,
        facts=tuple(_facts(connection, by, found, event)),
        digested=digested,
        points=sum(card.points or 0 for card in cards),
        brought=tuple(cards),
        missed=tuple(missed(connection, told.skips)) if told and (other is None or other.reverses) else (),
        counted=tuple(counted(connection, found, event, told, other.gone_at if other else None, now))
        if event and told
        else (),
        corrections=tuple(
            (by.cause(line.cause, line.key) or str(gettext("By hand")), line)
            for line in lines
            if line.kind == "correction"
        ),
        moved=tuple(_moved(connection, by, found)),
        other=other,
        versions={one.number: one.published_at for one in plan.versions},
    )


def _moved(connection: Connection, by: Speaker, found: Entry) -> Iterator[tuple[str, str]]:
    for one in aftermath.moved(connection, found.member, found.number) if found.member is not None else ():
        yield by.cause(one.kind, one.key) or one.key, entry.ref(one.entry)


def _other(connection: Connection, by: Speaker, found: Entry) -> Other | None:
    reverses = reversals.taken_back_by(connection, found.number)
    one = reverses or reversals.reversal_of(connection, found.source, found.id)
    if one is None:
        return None
    there = None if one.number is None else entry.of_number(connection, one.number)
    reversal = found if reverses else there
    return Other(
        reverses is not None,
        entry.ref(there.number) if there else None,
        by.event(there.type) if there else None,
        there.time if there else None,
        str(arrivals.decode_data(reversal.data).get("reason") or "") or None if reversal else None,
        reversal.known_at if reversal else None,
    )


def _icon(version: Version, kind: str) -> str:
    declared = version.program.events.get(kind)
    return (declared.icon if declared else None) or ICONS.get(kind, "circle-dot")


ICONS = {
    REVERSED: "undo-2",
    "hub.visited": "house",
    "hub.points.adjusted": "pencil",
    "hub.prize.won": "trophy",
    "hub.goal.closed": "target",
}


def _organization(connection: Connection, found: Entry, now: int) -> str | None:
    if found.organization is None:
        return None
    named = lookup.organizations_now(connection, [found.organization], now).get(found.organization)
    return named.name if named else None


def _facts(connection: Connection, by: Speaker, found: Entry, event: Event | None) -> Iterator[tuple[str, str]]:
    """What the event says of itself, as far as the program declares it."""
    types = (found.type,)
    for name in by.attributes(types) if event else ():
        value = event.data.get(name) if event else None
        if value is None:
            continue
        title = by.attribute(types, name)
        own = found.source == HUB and name == "by"
        yield title[:1].upper() + title[1:], _author(connection, str(value)) if own else by.amount(types, name, value)


def _author(connection: Connection, name: str) -> str:
    """Who did something by hand: a member, or a system by its key."""
    known = None if name.startswith(KEY) else lookup.member(connection, name)
    person = lookup.profile_now(connection, known.no, clock.now()) if known else None
    return person.name if person else str(gettext("another system"))
