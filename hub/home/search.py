"""Search: people, organizations and badges by name, among what whoever looks may see; never all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, select

from hub import clock
from hub.db import reader
from hub.directory import finding
from hub.directory.finding import FoundOrganization, FoundPerson
from hub.directory.tables import assignments
from hub.home import current
from hub.identity import Viewer, requires, visible
from hub.identity.access import ALL, ASSIGNED, ORGANIZATION, members_seen, reach
from hub.ledger import reading
from hub.ledger.standings import Version
from hub.web import VARY, render_block, wants_fragment
from hub.widgets.told import icon_of, metal
from hub.wording.phrases import Speaker

bp = Blueprint("search", __name__)


@dataclass(frozen=True, slots=True)
class Person:
    """`address`: of the scorecard, for whom it is open."""

    name: str
    organization: str | None
    address: str | None


class Firm(NamedTuple):
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Badge:
    title: str
    icon: str
    metal: str
    earned: bool
    address: str


@dataclass(frozen=True, slots=True)
class Found:
    people: tuple[Person, ...]
    firms: tuple[Firm, ...]
    badges: tuple[Badge, ...]

    @property
    def total(self) -> int:
        return len(self.people) + len(self.firms) + len(self.badges)


@bp.get("/search")
@requires("member:name")
def page() -> ResponseReturnValue:
    viewer, asked = current.member(), request.args.get("q", "")[: finding.MAX_LETTERS]
    wanted = finding.letters(asked)
    found = None
    if wanted is not None:
        with reader() as connection:
            found = _found(connection, current.version(connection), viewer, wanted, asked)
    told = {"asked": asked, "found": found, "least": finding.MIN_LETTERS, "most": finding.MAX_FOUND}
    answer = make_response(
        render_block("home/search.html", "found", **told)
        if wants_fragment()
        else render_template("home/search.html", **told)
    )
    answer.vary.update(VARY)
    return answer


def _found(connection: Connection, version: Version | None, viewer: Viewer, wanted: str, asked: str) -> Found:
    now = clock.now()
    names, firms = _within(connection, viewer, "member:name"), _within(connection, viewer, "organization:see")
    people = finding.people(connection, wanted, asked, names, visible(viewer, "member:name"))
    open_ = members_seen(connection, viewer, "member:see", [one.id for one in people])
    return Found(
        tuple(_person(one, open_) for one in people),
        tuple(_firm(one) for one in finding.companies(connection, wanted, asked, firms, now)),
        _badges(connection, version, viewer, wanted, now) if version else (),
    )


def _within(connection: Connection, viewer: Viewer, act: str) -> list[int] | None:
    """The organizations that this act reaches, by number; None: all."""
    far = reach(viewer, act)
    if far == ALL:
        return None
    found = [viewer.organization] if viewer.organization is not None and far is not None and far >= ORGANIZATION else []
    if far == ASSIGNED:
        looked_after = select(assignments.c.organization).where(assignments.c.member == viewer.no)
        found += connection.scalars(looked_after.distinct())
    return found


def _person(one: FoundPerson, open_: frozenset[str]) -> Person:
    address = url_for("scorecards.member", id_=one.id) if one.id in open_ else None
    return Person(one.name, one.organization, address)


def _firm(one: FoundOrganization) -> Firm:
    return Firm(one.name, url_for("scorecards.organization", id_=one.id))


def _badges(connection: Connection, version: Version, viewer: Viewer, wanted: str, now: int) -> tuple[Badge, ...]:
    """The badges that the viewer has, or may know of, by their titles."""
    by = Speaker(version.program)
    found = []
    for one in reading.badges(connection, version, viewer.no, now):
        title, badge = by.of("badges", one.badge), version.program.badges.get(one.badge)
        if wanted in title.casefold():
            tier = one.awards[-1].tier if one.awards else badge.tiers[0].name if badge and badge.tiers else None
            icon, address = icon_of(badge), url_for("badges.one", key=one.badge)
            found.append(Badge(title, icon, metal(badge, tier), bool(one.awards), address))
    return tuple(found[: finding.MAX_FOUND])
