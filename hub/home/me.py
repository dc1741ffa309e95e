"""`/me`: what a member sets for herself, where she is signed in, and what the hub holds about her."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from babel import Locale
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection

from hub import clock, wording
from hub.db import reader, transaction
from hub.directory import lookup, members, preferences
from hub.directory.preferences import Preferences
from hub.gamification.faults import Fault
from hub.gamification.windows import ordinal, time_zones
from hub.home import current
from hub.identity import Viewer, export, requires, sessions
from hub.identity.sessions import Session
from hub.identity.viewers import current_session
from hub.ledger import pauses
from hub.ledger.pauses import Pause, Whom
from hub.ledger.standings import Version
from hub.web import Problem, not_found

bp = Blueprint("me", __name__)

#: What numbers, dates and times can be written by; whatever else a member has is offered to her too.
LOCALES = (
    "cs", "da", "de", "de-AT", "de-CH", "el", "en", "en-AU", "en-GB", "en-IN", "en-US", "es", "es-MX", "et", "fi", "fr",
    "fr-CA", "fr-CH", "he", "hi", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "nb", "nl", "pl", "pt", "pt-BR", "ro",
    "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "vi", "zh-Hans", "zh-Hant",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the fields of a form, and what is wrong with each, by the name of the field."""

    told: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)


@bp.get("/me")
@requires("me:see")
def page() -> ResponseReturnValue:
    return _page()


def _page(chosen: Form | None = None, pausing: Form | None = None) -> ResponseReturnValue:
    member, now, own = current.member(), clock.now(), current_session()
    with reader() as connection:
        version = current.version(connection)
        person = lookup.profile_now(connection, member.no, now)
        assert person is not None, "who is signed in is there"
        standing = preferences.of(connection, [member.no]).get(member.no, preferences.NONE)
        html = render_template(
            "home/me.html",
            form=chosen or _as_it_stands(person, standing),
            zones=_zones(person.time_zone),
            locales=_locales(person.locale),
            program_zone=version.program.settings.time_zone if version else "UTC",
            pausing=pausing or Form({"streak": "", "from": "", "to": ""}),
            streaks=_streaks(version),
            planned=pauses.planned(connection, _whom(member), now) if version else [],
            today=date.fromordinal(pauses.today(connection, _whom(member), now)).isoformat(),
            signed_in=sessions.of_member(connection, member.no, now),
            here=own.no if own else None,
        )
    return html, 200 if chosen is None and pausing is None else 422


def _as_it_stands(person: lookup.Person, chosen: Preferences) -> Form:
    told = {"time_zone": person.time_zone or "", "locale": person.locale or ""}
    return Form(told | {"listed": "on" if person.listed else "", "quiet": "on" if chosen.quiet else ""})


@lru_cache(maxsize=64)
def _zones(own: str | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Time zones by continent: the places that people know, and the member's own."""
    found: dict[str, list[str]] = {}
    for name in sorted({zone for zone in time_zones() if "/" in zone and not zone.startswith("Etc/")} | {own or "UTC"}):
        found.setdefault(name.partition("/")[0], []).append(name)
    return tuple((continent, tuple(names)) for continent, names in found.items())


@lru_cache(maxsize=64)
def _locales(own: str | None) -> tuple[tuple[str, str], ...]:
    """Each with its name in its own language."""
    named = ((tag, Locale.parse(tag, sep="-").get_display_name() or tag) for tag in {*LOCALES, *([own] if own else [])})
    return tuple(sorted(named, key=lambda one: (one[1].casefold(), one[0])))


def _streaks(version: Version | None) -> list[tuple[str, str]]:
    declared = version.program.streaks if version else {}
    return [(key, wording.said(streak.title, key, wording.language())) for key, streak in declared.items()]


# ------------------------------------------------------------------------------------------------------------ choosing


@bp.post("/me")
@requires("me:change")
def choose() -> ResponseReturnValue:
    values = {name: request.form.get(name, "") for name in ("time_zone", "locale", "listed", "quiet")}
    zone, locale = values["time_zone"] or None, values["locale"] or None
    wanted = Preferences(zone, locale, unlisted=not values["listed"], quiet=bool(values["quiet"]))
    with transaction() as connection:
        faults = members.prefer(connection, current.member().no, wanted, clock.now())
    if faults:
        return _page(chosen=Form(values, _said(faults)))
    flash(gettext("Saved."))
    return redirect(url_for("me.page"), 303)


def _said(faults: Iterable[Fault]) -> dict[str, str]:
    """What is wrong with each field, as its form says it."""
    said = {
        "time_zone": gettext("There is no such time zone. Choose one of the list."),
        "locale": gettext("There is no such language. Choose one of the list."),
        "streak": gettext("There is no such streak. Choose one of the list."),
    }
    return {fault.path: said.get(fault.path) or _capital(fault.message) for fault in faults}


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


# ------------------------------------------------------------------------------------------------------------- pausing


@bp.post("/me/pauses")
@requires("me:change")
def pause() -> ResponseReturnValue:
    member, now = current.member(), clock.now()
    values = {name: request.form.get(name, "") for name in ("streak", "from", "to")}
    first, last = ordinal(values["from"]), ordinal(values["to"])
    if first is None or last is None:
        wrong = {name for name, day in (("from", first), ("to", last)) if day is None}
        return _page(pausing=Form(values, dict.fromkeys(wrong, gettext("Choose a date."))))
    with transaction() as connection:
        entered = pauses.enter(connection, _whom(member), Pause(values["streak"] or None, first, last), member.id, now)
    if isinstance(entered, Fault):
        return _page(pausing=Form(values, _pausing_fault(entered)))
    flash(gettext("Your streaks will wait for you."))
    return redirect(url_for("me.page", _anchor="pauses"), 303)


def _pausing_fault(fault: Fault) -> dict[str, str]:
    said = {
        "past": gettext("A pause cannot begin in the past."),
        "order": gettext("The last day is before the first."),
        "too_large": gettext("That is too far ahead, or too long: %(days)s days at most.", days=fault.limit),
        "limit": gettext("You have %(count)s pauses ahead already.", count=fault.limit),
    }
    return {fault.path: said[fault.code]} if fault.code in said else _said([fault])


def _whom(member: Viewer) -> Whom:
    return Whom(member.no, member.id, member.time_zone)


# ------------------------------------------------------------------------------------------------------------ sessions


@bp.post("/me/sessions/<int:number>/end")
@requires("session:end")
def end_session(number: int) -> ResponseReturnValue:
    with transaction() as connection:
        if not sessions.end(connection, current.member().no, number):
            raise not_found()
    flash(gettext("Signed out there."))
    return redirect(url_for("me.page", _anchor="sessions"), 303)


@bp.post("/me/sessions/end")
@requires("session:end")
def end_other_sessions() -> ResponseReturnValue:
    own: Session | None = current_session()
    if own is None:
        raise Problem(409, "session", gettext("Reload the page and try again."))
    with transaction() as connection:
        sessions.end_all(connection, current.member().no, but=own.no)
    flash(gettext("Signed out everywhere else."))
    return redirect(url_for("me.page", _anchor="sessions"), 303)


# ---------------------------------------------------------------------------------------------------------------- data


@bp.get("/me/data")
@requires("me:see")
def data() -> ResponseReturnValue:
    with reader() as connection:
        told = _told(connection)
    return render_template("home/data.html", told=told)


@bp.get("/me/data.json")
@requires("me:see")
def data_file() -> ResponseReturnValue:
    with reader() as connection:
        answer = Response(export.as_json(_told(connection)), content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _told(connection: Connection) -> Mapping[str, list[export.Record]]:
    return export.of(connection, current.member().no, clock.now())
