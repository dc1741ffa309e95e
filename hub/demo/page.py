"""The demo's own page: make the CRM, the academy, the help desk send something for somebody, and see what it did.

It goes the way of every event: read, judged and entered in the log by the functions behind the API. Meant to be open
beside a homepage, which moves.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection, select

from hub import clock, wording
from hub.db import reader, transaction
from hub.demo import acts
from hub.demo.acts import Act
from hub.demo.people import CAST
from hub.directory import lookup
from hub.directory.tables import members, present
from hub.gamification.outcome import Award, Effect, Paused, Points, Reached, Skip
from hub.gamification.program import Program
from hub.identity import current_member, public
from hub.ledger import arrivals, effects, entry, log, programs
from hub.ledger.arrivals import Arrival, Verdict
from hub.ledger.tables import accounts
from hub.web import Problem, not_found, render_block, wants_fragment
from hub.wording import reasons, said, zone_of
from hub.wording.phrases import Speaker

bp = Blueprint("demo", __name__)

PEOPLE = 400
#: How long the answer waits for the worker; after that the page says that it is on its way.
WAIT_SECONDS = 2.0
LOOK_SECONDS = 0.03

_SECTIONS = {"rule": "rules", "badge": "badges", "goal": "goals"}


class Somebody(NamedTuple):
    """A person for whom something can be sent."""

    no: int
    id: str
    name: str
    organization: str


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that an event did."""

    icon: str
    what: str
    title: str
    points: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an event that was sent. `done`: it is digested, and this is all that it did."""

    ref: str
    status: str
    event: str
    about: str
    who: str
    done: bool
    balance: int
    fault: str | None = None
    lines: tuple[Line, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()


@bp.get("/demo")
@public
def page() -> ResponseReturnValue:
    with reader() as connection:
        program = _program(connection)
        chosen = _chosen(connection, request.args.get("member"))
        told = _told(connection, program, request.args.get("ref")) if program else None
        groups = _groups(connection)
        offered = _offered(connection, program, chosen) if program and chosen else []
    return render_template(
        "demo/page.html",
        groups=groups,
        chosen=chosen,
        acts=offered,
        told=told,
    )


@bp.post("/demo/events")
@public
def send() -> ResponseReturnValue:
    with reader() as connection:
        program = _program(connection)
        act, choice, member = _asked(connection, program)
        assert program
        now = clock.now()
        event = acts.sent(connection, act, choice, member.no, member.id, _written(member, program, now))
    [verdict] = _take(event, program, now)
    ref = entry.ref(verdict.entry) if verdict.entry else ""
    _wait_for(verdict)
    if not wants_fragment():
        return redirect("/demo?" + urlencode({"member": member.id, "ref": ref}), 303)
    with reader() as connection:
        return render_block("demo/page.html", "told", told=_told(connection, program, ref))


@bp.get("/demo/events/<ref>")
@public
def event(ref: str) -> ResponseReturnValue:
    """What it did, to be asked again while it is on its way."""
    with reader() as connection:
        program = _program(connection)
        told = _told(connection, program, ref) if program else None
    if told is None:
        raise not_found()
    return render_block("demo/page.html", "told", told=told)


def _offered(connection: Connection, program: Program, chosen: Somebody) -> list[tuple[Act, str, tuple[str, ...]]]:
    """The acts, what each is called, and what to choose among."""
    return [(act, _of_event(program, act.kind), acts.choices(connection, act, chosen.no)) for act in acts.of(program)]


# ------------------------------------------------------------------------------------------------------------- sending


def _asked(connection: Connection, program: Program | None) -> tuple[Act, str, lookup.Person]:
    """What is to be sent for whom; a Problem that says what is wrong with it."""
    form = request.form
    act = acts.named(program, form.get("act", "")) if program else None
    if act is None:
        raise Problem(422, "unknown_type", "The program knows no such event.")
    if (choice := act.chosen(form.get("choice", ""))) is None:
        raise Problem(422, "value", "Choose one of what the page offers.")
    known = lookup.member(connection, form.get("member", ""))
    person = lookup.profile_now(connection, known.no, clock.now()) if known else None
    if person is None:
        raise Problem(422, "unknown_member", "There is nobody by that name here.")
    return act, choice, person


def _written(member: lookup.Person, program: Program, now: int) -> str:
    zone = zone_of(member.time_zone or program.settings.time_zone)
    return clock.moment(now).astimezone(zone).isoformat(timespec="milliseconds")


def _take(event: Mapping[str, Any], program: Program, now: int) -> list[Verdict]:
    read: Arrival | Verdict = arrivals.read(event, now, lambda *_: True)
    with transaction() as connection:
        return log.append(connection, [read], program.events, clock.now())


def _wait_for(verdict: Verdict) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while verdict.status == "accepted" and time.monotonic() < until:
        with reader() as connection:
            if not log.pending(connection, [verdict.entry]):
                return
        time.sleep(LOOK_SECONDS)


# ------------------------------------------------------------------------------------------------------------- telling


def _told(connection: Connection, program: Program | None, ref: str | None) -> Told | None:
    found = entry.read(connection, ref) if ref and program else None
    if found is None or program is None:
        return None
    done = found.status == "accepted" and found.number not in log.pending(connection, [found.number])
    did = effects.of(connection, [found.number], clock.now()).get(found.number, effects.Told()) if done else None
    return Told(
        ref=entry.ref(found.number),
        status=found.status,
        event=_of_event(program, found.type),
        about=_sent(found),
        who=_name(connection, found.member) or found.subject,
        done=done,
        balance=connection.scalar(select(accounts.c.balance).where(accounts.c.member == found.member)) or 0,
        fault=found.message or found.code,
        lines=tuple(_line(program, effect) for effect in did.effects) if did else (),
        skipped=tuple((_title(program, "rules", skip.rule), _why_not(connection, skip)) for skip in did.skips)
        if did
        else (),
    )


def _why_not(connection: Connection, skip: Skip) -> str:
    rules = programs.of_version(connection, skip.version)
    return reasons.skipped(Speaker(rules), rules.rules[skip.rule], skip).text


def _sent(found: entry.Entry) -> str:
    """The event as it was sent, for those who want to send such."""
    whole = {
        "id": found.id,
        "source": found.source,
        "type": found.type,
        "subject": found.subject,
        "time": arrivals.written(found.time, found.offset),
        "data": json.loads(found.data),
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _name(connection: Connection, member: int | None) -> str | None:
    return connection.scalar(select(present.c.name).where(present.c.member == member))


def _line(program: Program, effect: Effect) -> Line:
    if isinstance(effect, Points):
        return Line(
            "coins", gettext("Points"), _title(program, _SECTIONS.get(effect.cause, ""), effect.name), effect.amount
        )
    if isinstance(effect, Award):
        return _award(program, effect)
    if isinstance(effect, Reached):
        return Line("target", gettext("Goal reached"), _title(program, "goals", effect.goal))
    title = _title(program, "streaks", effect.streak)
    if isinstance(effect, Paused):
        return Line("pause", gettext("Pause until %(date)s", date=wording.date_of(effect.last)), title)
    return Line("flame", gettext("Run of %(length)s", length=effect.current), title)


def _award(program: Program, award: Award) -> Line:
    if award.kind == "level":
        titles = {level.key: level.title for level in program.levels}
        return Line(
            "star", gettext("Level reached"), said(titles.get(award.badge, {}), award.badge, wording.language())
        )
    tier = f", {award.tier}" if award.tier else ""
    return Line("award", gettext("Badge earned"), _title(program, "badges", award.badge) + tier)


def _title(program: Program, section: str, key: str) -> str:
    found = getattr(program, section, {}).get(key) if section else None
    return said(found.title if found else {}, key, wording.language())


def _of_event(program: Program | None, kind: str) -> str:
    return _title(program, "events", kind) if program else kind


# -------------------------------------------------------------------------------------------------------------- people


def _program(connection: Connection) -> Program | None:
    version = programs.newest(connection)
    return version.program if version else None


def _chosen(connection: Connection, asked: str | None) -> Somebody | None:
    """Who was asked for, else who is signed in, else the first of the cast."""
    viewer = current_member()
    names = [asked, viewer.id if viewer else None, *CAST]
    for name in (name for name in names if name):
        known = lookup.member(connection, name)
        if known is not None and known.active:
            person = lookup.profile_now(connection, known.no, clock.now())
            assert person
            return Somebody(known.no, known.id, person.name, person.organization.name if person.organization else "")
    return None


def _groups(connection: Connection) -> list[tuple[str, list[Somebody]]]:
    """The cast, then the others by organization."""
    query = (
        select(members.c.no, members.c.id, present.c.name, lookup.COMPANY.label("company"))
        .join(present, present.c.member == members.c.no)
        .where(present.c.active)
        .order_by(members.c.id.in_(CAST).desc(), "company", present.c.name, members.c.id)
        .limit(PEOPLE)
    )
    everybody = [Somebody(no, id_, name, firm or "") for no, id_, name, firm in connection.execute(query)]
    cast = [one for one in everybody if one.id in CAST]
    rest = groupby(everybody[len(cast) :], key=lambda one: one.organization)
    return [*([(gettext("The cast"), cast)] if cast else []), *((company, list(some)) for company, some in rest)]
