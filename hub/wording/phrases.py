"""The pieces of sentences about a program: who, what, how often, when, and conditions. In the reader's language.

A `Speaker` knows the program, so that what the program calls a thing is said and not its key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates as babel_dates
from babel import lists, units

from hub import clock
from hub.gamification.conditions import ORDERS, All, Any_, Condition, None_, Test
from hub.gamification.events import OWN, REVERSED, Attribute, attributes
from hub.gamification.explain import sole_amount, unit_of
from hub.gamification.numbers import Exact
from hub.gamification.points import Cap
from hub.gamification.program import BUILT_IN_ROLES, Program
from hub.gamification.windows import DAY, HOUR, MINUTE, SECOND, Span, Window, WindowKind, first_instant, local_date
from hub.wording import Quantity, humane, language, locale, number, quantity, said, window
from hub.wording.texts import _, ngettext

_UNITS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
#: Factors with more decimals than this are said as fractions.
_MAX_DECIMALS = 2


class Speaker:
    """Says names and pieces of one program."""

    def __init__(self, program: Program) -> None:
        self.program = program

    # Names

    def title(self, texts: Mapping[str, str], key: str) -> str:
        return said(texts, key, language())

    def of(self, section: str, key: str) -> str:
        """The title of an entry (`badges`, `explorer`); made from the key where the program has it no longer."""
        thing = getattr(self.program, section).get(key)
        return self.title(thing.title if thing else {}, key)

    def cause(self, kind: str, key: str) -> str | None:
        """What a line of the ledger is for; None of what somebody did by hand."""
        sections = {
            "rule": "rules",
            "badge": "badges",
            "goal": "goals",
            "action": "actions",
            "leaderboard": "leaderboards",
        }
        return self.of(sections[kind], key) if kind in sections else None

    def level(self, key: str) -> str:
        titles = {level.key: level.title for level in self.program.levels}
        return self.title(titles.get(key, {}), key)

    def tier(self, badge: str, name: str) -> str:
        known = self.program.badges.get(badge)
        titles = {tier.name: tier.title for tier in known.tiers} if known else {}
        return self.title(titles.get(name, {}), "") or name

    def event(self, name: str) -> str:
        """What an event is called; the hub's own have names of ours."""
        declared = self.program.events.get(name)
        own = _own_event(name)
        if own is not None and not (declared and declared.title):
            return own
        return self.title(declared.title if declared else {}, name)

    def events(self, names: Collection[str]) -> str:
        """Deal won, deal lost or lead: as they stand within a sentence."""
        return either([inside(self.event(name)) for name in names])

    def attribute(self, types: Collection[str], name: str) -> str:
        known = self.attributes(types).get(name)
        own = _own_attribute(name) if types and all(one in OWN for one in types) else None
        return own or inside(self.title(known.title if known else {}, name))

    def attributes(self, types: Collection[str]) -> dict[str, Attribute]:
        return attributes([name for name in types if name in self.program.events], self.program.events)

    # Amounts

    def points(self, amount: int) -> str:
        """5 points, 1 point; or what the program calls them."""
        title = self.title(self.program.settings.points_title, "points")
        if title.casefold() == "points":
            return ngettext("%(amount)s point", "%(amount)s points", amount, amount=number(amount))
        return f"{number(amount)} {title}"

    def amount(self, types: Collection[str], name: str, value: Any) -> str:
        """A value of an attribute, with its unit; of the hub's own events what it names."""
        if types and all(one in OWN for one in types):
            return self._own(name, value)
        known = self.attributes(types).get(name)
        return told(value, known.unit if known else None)

    def _own(self, name: str, value: Any) -> str:
        sections = {"goal": "goals", "leaderboard": "leaderboards", "badge": "badges", "streak": "streaks"}
        if name in sections:
            return self.of(sections[name], str(value))
        if name == "window":
            return window(Window(str(value), 0, 0))
        if name == "status":
            return _("reached") if value == "reached" else _("missed")
        return told(value)

    def measured(self, metric: str, value: Exact) -> str:
        """A value of a metric, with its unit."""
        return quantity(self.quantity(metric, value))

    def quantity(self, metric: str, value: Exact) -> Quantity:
        known = self.program.metrics.get(metric)
        return Quantity(value, unit_of(self.program, known) if known else None)

    def cap(self, cap: Cap) -> str:
        """At most 500 points a day, at most 3 times a day."""
        parts = []
        if cap.points is not None:
            parts.append(_("at most %(points)s %(each)s", points=self.points(cap.points), each=each(cap.per)))
        if cap.times is not None:
            parts.append(_("at most %(times)s %(each)s", times=self.times(cap.times), each=each(cap.per)))
        return both(parts)

    def times(self, count: int) -> str:
        return ngettext("once", "%(amount)s times", count, amount=number(count))

    # Time

    def force(self, start: int | None, until: int | None) -> list[str]:
        """From when and until when something is so, on the program's calendar."""
        from_ = [] if start is None else [_("from %(date)s", date=self.instant(start))]
        return from_ + ([] if until is None else [_("before %(date)s", date=self.instant(until))])

    def instant(self, at: int) -> str:
        """A date of the program's calendar; with its time where it is not the first instant of one."""
        zone = self.program.settings.time_zone
        day = local_date(zone, at)
        if first_instant(zone, day) == at:
            return _day(day)
        local = clock.moment(at).astimezone(ZoneInfo(zone))
        return f"{_day(day)}, {babel_dates.format_time(local, 'short', locale=locale())}"

    # Conditions

    def which(self, types: Collection[str], condition: Condition | None) -> str:
        """Which of these events: `deal won of at least €1,000`, `deal won whose product is services`."""
        events = self.events(types)
        if condition is None:
            return events
        known = self.attributes(types)
        if isinstance(condition, Test) and condition.operator in ORDERS and condition.name == sole_amount(known):
            return _("%(events)s of %(amount)s", events=events, amount=self._ordered(types, condition))
        return f"{events} {self.whose(condition, types)}"

    def whose(self, condition: Condition, types: Collection[str] | None = None) -> str:
        """What must be so of an event, or (no `types`) of a member's profile."""
        if isinstance(condition, Test):
            return self._whose_one(condition, types)
        parts = [self._nested(part, types) for part in condition.conditions]
        if isinstance(condition, None_):
            return _("but not %(parts)s", parts=either(parts))
        return both(parts) if isinstance(condition, All) else either(parts)

    def _nested(self, condition: Condition, types: Collection[str] | None) -> str:
        text = self.whose(condition, types)
        several = isinstance(condition, All | Any_) and len(condition.conditions) > 1
        return f"({text})" if several else text

    def _whose_one(self, test: Test, types: Collection[str] | None) -> str:
        if types is None and test.name == "tag":
            return _tagged(test)
        return _("whose %(condition)s", condition=self.condition(test, types))

    def condition(self, test: Test, types: Collection[str] | None = None) -> str:
        """One test: `amount is at least €1,000`, `region is emea`."""
        name = self.name(test.name, types)
        if test.operator == "present":
            return _("%(name)s is known", name=name) if test.value else _("%(name)s is missing", name=name)
        value = self._ordered(types, test) if test.operator in ORDERS else self._value(test, types)
        if test.operator in ("not", "not_in"):
            return _("%(name)s is not %(value)s", name=name, value=value)
        if test.operator == "starts_with":
            return _("%(name)s begins with %(value)s", name=name, value=value)
        return _("%(name)s is %(value)s", name=name, value=value)

    def _ordered(self, types: Collection[str] | None, test: Test) -> str:
        value = self.amount(types or (), test.name, test.value)
        return {
            "at_least": _("at least %(value)s", value=value),
            "more_than": _("more than %(value)s", value=value),
            "at_most": _("at most %(value)s", value=value),
            "less_than": _("less than %(value)s", value=value),
        }[test.operator]

    def _value(self, test: Test, types: Collection[str] | None) -> str:
        values = test.value if isinstance(test.value, tuple) else (test.value,)
        return either([self.value(test.name, one, types) for one in values])

    def name(self, name: str, types: Collection[str] | None = None) -> str:
        """What an attribute of these events, or (no `types`) a value of a profile is called."""
        return _profile(name) if types is None else self.attribute(types, name)

    def values(self, name: str, found: Any, types: Collection[str] | None) -> list[str]:
        """What was found, each of several by itself."""
        several = found if isinstance(found, tuple | list) and found else (found,)
        return [told(None) if one is None or one == () else self.value(name, one, types) for one in several]

    def value(self, name: str, value: Any, types: Collection[str] | None) -> str:
        """One value of an attribute, or of a profile."""
        if types is not None:
            return self.amount(types, name, value)
        return self.of("roles", str(value)) if name == "role" else told(value)

    # People

    def whom(self, condition: Condition | None) -> str:
        """Whom something is for: `sales reps and partner owners`, `people whose region is emea`."""
        if condition is None:
            return _("everybody")
        parts = condition.conditions if isinstance(condition, All) else (condition,)
        roles = next((part for part in parts if _is_role(part)), None)
        rest = [part for part in parts if part is not roles]
        people = self._in_roles(roles) if isinstance(roles, Test) else _("people")
        return " ".join([people, *([self.whose(All(tuple(rest)))] if rest else [])])

    def _in_roles(self, test: Test) -> str:
        keys = [str(one) for one in (test.value if isinstance(test.value, tuple) else (test.value,))]
        plain = [_plurals()[key] for key in keys if self._is_plain(key)]
        titled = [self.of("roles", key) for key in keys if not self._is_plain(key)]
        return both([*plain, *([self._in_titled(titled)] if titled else [])])

    def people_in(self, key: str) -> str:
        """The people of a role."""
        return _plurals()[key] if self._is_plain(key) else self._in_titled([self.of("roles", key)])

    def _in_titled(self, titles: Collection[str]) -> str:
        shown = both(titles)
        return ngettext("people in the role %(roles)s", "people in the roles %(roles)s", len(titles), roles=shown)

    def _is_plain(self, key: str) -> bool:
        """Whether a role is a built-in one that the program does not call something else: such have a plural."""
        role = self.program.roles.get(key)
        return key in BUILT_IN_ROLES and (role is None or role.title == {"": humane(key)})

    def audience(self, condition: Condition | None) -> list[str]:
        """For whom something is, where it is not for everybody."""
        return [] if condition is None else [_("for %(whom)s", whom=self.whom(condition))]


def _is_role(part: Condition) -> bool:
    return isinstance(part, Test) and part.name == "role" and part.operator in ("is", "in")


def _plurals() -> Mapping[str, str]:
    plurals = (
        _("sales reps"),
        _("partner owners"),
        _("marketing people"),
        _("service and support people"),
        _("the field team"),
        _("the support team"),
        _("program admins"),
    )
    return dict(zip(BUILT_IN_ROLES, plurals, strict=True))


def _own_event(name: str) -> str | None:
    return {
        REVERSED: _("Event taken back"),
        "hub.visited": _("Day in the hub"),
        "hub.recognition.given": _("Recognition given"),
        "hub.recognition.received": _("Recognition received"),
        "hub.survey.answered": _("Survey answered"),
        "hub.prize.won": _("Prize won"),
        "hub.streak.paused": _("Streak paused"),
        "hub.points.adjusted": _("Points adjusted by hand"),
        "hub.badge.granted": _("Badge given by hand"),
        "hub.badge.revoked": _("Badge taken back by hand"),
        "hub.goal.closed": _("Goal closed"),
        "hub.member.merged": _("Accounts put together"),
    }.get(name)


def _own_attribute(name: str) -> str | None:
    """What an attribute of the hub's own events is called within a sentence."""
    return {
        "points": _("points"),
        "category": _("category"),
        "survey": _("survey"),
        "leaderboard": _("leaderboard"),
        "rank": _("rank"),
        "window": _("window"),
        "badge": _("badge"),
        "tier": _("tier"),
        "streak": _("streak"),
        "from": _("first day"),
        "to": _("last day"),
        "goal": _("goal"),
        "status": _("result"),
        "member": _("member"),
        "reason": _("reason"),
        "by": _("by"),
    }.get(name)


def _profile(name: str) -> str:
    """What a value of a profile is called within a sentence."""
    return {
        "role": _("role"),
        "organization": _("organization"),
        "region": _("region"),
        "tier": _("tier"),
        "type": _("type of partner"),
        "size": _("size of partner"),
        "locale": _("language"),
        "tag": _("tag"),
    }.get(name, name)


def _tagged(test: Test) -> str:
    tags = either([told(one) for one in (test.value if isinstance(test.value, tuple) else (test.value,))])
    if test.operator == "present":
        return _("with any tag") if test.value else _("without a tag")
    if test.operator in ("not", "not_in"):
        return _("not tagged %(tags)s", tags=tags)
    return _("tagged %(tags)s", tags=tags)


# Words


def inside(title: str) -> str:
    """A title as it stands within a sentence: English ones begin small there, but for abbreviations."""
    if language() != "en" or not title[1:2].islower():
        return title
    return title[:1].lower() + title[1:]


def both(parts: Collection[str]) -> str:
    """A, B and C."""
    return str(lists.format_list(list(parts), "standard", locale=locale()))


def either(parts: Collection[str]) -> str:
    """A, B or C."""
    return str(lists.format_list(list(parts), "or", locale=locale()))


def clauses(*parts: str | Iterable[str]) -> str:
    """What is said one after another in one sentence, with commas between."""
    flat = [part for one in parts for part in ([one] if isinstance(one, str) else one)]
    return ", ".join(part for part in flat if part)


def told(value: Any, unit: str | None = None) -> str:
    """A value of an event or a profile."""
    if value is None or value == ():
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | Decimal | Fraction):
        return quantity(Quantity(value, unit))
    if isinstance(value, tuple | list):
        return both([told(one, unit) for one in value])
    text = str(value)
    return _date_or(text)


def _date_or(text: str) -> str:
    try:
        return _day(date.fromisoformat(text).toordinal()) if len(text) == len("2026-11-22") else text
    except ValueError:
        return text


def _day(ordinal: int) -> str:
    return str(babel_dates.format_date(date.fromordinal(ordinal), "medium", locale=locale()))


def factor(value: Fraction) -> str:
    """1.5 times, 4/3 times, twice."""
    if value == 2:
        return _("twice")
    scaled = value * 10**_MAX_DECIMALS
    shown = number(value) if scaled.denominator == 1 else f"{value.numerator}/{value.denominator}"
    return _("%(factor)s times", factor=shown)


def length(microseconds: int) -> str:
    """A duration in the greatest unit that it is whole in: 90 seconds, 36 hours, 14 days."""
    size, name = next((one for one in _UNITS if microseconds % one[0] == 0), _UNITS[-1])
    return str(units.format_unit(microseconds // size, f"duration-{name}", locale=locale()))


# Windows


def each(kind: WindowKind) -> str:
    """How often: a day, a month, in all."""
    if isinstance(kind, Span):
        return _("in %(window)s", window=span(kind))
    return {
        "day": _("a day"),
        "week": _("a week"),
        "month": _("a month"),
        "quarter": _("a quarter"),
        "year": _("a year"),
        "all": _("in all"),
    }[kind]


def within(kind: WindowKind) -> str:
    """Within what: `within one month`; nothing for all time."""
    if isinstance(kind, Span):
        return _("in %(window)s", window=span(kind))
    return {
        "day": _("within one day"),
        "week": _("within one week"),
        "month": _("within one month"),
        "quarter": _("within one quarter"),
        "year": _("within one year"),
        "all": "",
    }[kind]


def every(kind: WindowKind) -> str:
    """In which windows, one after another."""
    if isinstance(kind, Span):
        return _("in %(window)s", window=span(kind))
    return {
        "day": _("each day"),
        "week": _("each week"),
        "month": _("each month"),
        "quarter": _("each quarter"),
        "year": _("each year"),
        "all": _("of all time"),
    }[kind]


def span(kind: Span) -> str:
    """1 Oct 2026 to 31 Dec 2026."""
    first, until = (date.fromisoformat(one).toordinal() for one in kind.name.split("/"))
    return f"{_day(first)} \u2013 {_day(until - 1)}"
