"""What an event brought and what it did not, as cards of the page that says why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, select

from hub.gamification.because import (
    Aimed,
    Answered,
    Beaten,
    Because,
    ByHand,
    Climbed,
    Priced,
    Rewarded,
    Seen,
    SeenSome,
)
from hub.gamification.events import Event
from hub.gamification.explain import checks, named
from hub.gamification.outcome import Award, Effect, Extended, Paused, Points, Reached, Skip
from hub.gamification.program import Program
from hub.gamification.windows import Window
from hub.ledger import entry, programs
from hub.ledger.effects import Told
from hub.ledger.tables import awards
from hub.widgets.told import icon_of, metal
from hub.wording import date_of, moment, number, reasons
from hub.wording import window as said_window
from hub.wording.entries import periods, sentence
from hub.wording.phrases import Speaker, length
from hub.wording.reasons import Line
from hub.wording.texts import _, ngettext


@dataclass(frozen=True, slots=True)
class Brought:
    """Something that an event brought. `lines`: conditions, each with what met it; `some`: how many of them it took;
    `steps`: how the points were reckoned; `version`: of the program whose rule it is.
    """

    title: str
    icon: str
    kind: str
    sentence: str = ""
    metal: str | None = None  # of a badge
    tier: str | None = None
    points: int | None = None
    lines: tuple[Line, ...] = ()
    some: str | None = None
    steps: tuple[Line, ...] = ()
    version: int | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """A rule that gave nothing. `before`: the public name of the event that was there before."""

    title: str
    sentence: str
    text: str
    change: str | None
    before: str | None


def brought(connection: Connection, event: Event, told: Told) -> list[Brought]:
    """What the event brought, points of badges and rewards of goals with what they came with."""
    cards: list[Brought] = []
    places: dict[str, int] = {}
    for effect, because in zip(told.effects, told.because, strict=True):
        if isinstance(effect, Points) and effect.key in places:
            at = places[effect.key]
            cards[at] = replace(cards[at], points=effect.amount)
            continue
        places[_key(effect)] = len(cards)
        cards.append(_Teller(connection, told, event).card(effect, because))
    return cards + kept(connection, event.entry)


def _key(effect: Effect) -> str:
    """The cause key of the points that may come with it."""
    if isinstance(effect, Reached):
        return f"goal/{effect.goal}/{effect.window}"
    return effect.key if isinstance(effect, Points | Award) else ""


def missed(connection: Connection, skips: Iterable[Skip]) -> list[Missed]:
    """The rules of the event's type that gave nothing, each with the first thing that failed."""
    return [_missed(programs.of_version(connection, skip.version), skip) for skip in skips]


def _missed(program: Program, skip: Skip) -> Missed:
    by, rule = Speaker(program), program.rules[skip.rule]
    reason = reasons.skipped(by, rule, skip)
    before = None if reason.entry is None else entry.ref(reason.entry)
    return Missed(by.of("rules", skip.rule), _says(program, "points", skip.rule), reason.text, reason.change, before)


def _says(program: Program, section: str, key: str) -> str:
    """The entry as a sentence; nothing where the program has it no longer."""
    return next((sentence(program, one) for one in named(program, f"{section}.{key}")), "")


class _Teller:
    """Says what one event's effects are."""

    def __init__(self, connection: Connection, told: Told, event: Event) -> None:
        self.connection, self.told, self.event = connection, told, event

    def card(self, effect: Effect, because: Because | None) -> Brought:
        if isinstance(effect, Points):
            return self._points(effect, because)
        newest = programs.newest(self.connection)
        assert newest is not None
        by = Speaker(newest.program)
        if isinstance(effect, Award):
            return _award(by, effect, because)
        if isinstance(effect, Reached):
            return _reached(by, effect, because)
        return _streak(by, effect)

    def _points(self, effect: Points, because: Because | None) -> Brought:
        program = programs.of_version(self.connection, effect.version)
        by = Speaker(program)
        if effect.cause == "rule":
            return self._rule(by, effect, because)
        if effect.cause == "action":
            return _action(by, effect, because)
        if effect.cause == "leaderboard":
            return Brought(
                by.of("leaderboards", effect.name), "trophy", "prize", _rank(self.event), points=effect.amount
            )
        reason = self.event.data.get("reason")
        return Brought(_("By hand"), "pencil", "act", str(reason or ""), points=effect.amount)

    def _rule(self, by: Speaker, effect: Points, because: Because | None) -> Brought:
        rule = by.program.rules[effect.name]
        met = [
            *reasons.checked(by, checks(rule.where, self.event.data), rule.types),
            *reasons.checked(by, checks(rule.for_, self.told.profile), None),
        ]
        steps = reasons.reckoned(by, rule, because, effect.amount) if isinstance(because, Priced) else []
        return Brought(
            by.of("rules", effect.name),
            rule.icon or "coins",
            "points",
            _says(by.program, "points", effect.name),
            points=effect.amount,
            lines=tuple(met),
            steps=tuple(steps),
            version=effect.version,
        )


def _rank(event: Event) -> str:
    return _("Rank %(rank)s when the board was final.", rank=number(event.data["rank"]))


def _action(by: Speaker, effect: Points, because: Because | None) -> Brought:
    action = by.program.actions.get(effect.name)
    lines: tuple[Line, ...] = ()
    if isinstance(because, Answered):
        within = length(because.until - because.opened)
        lines = (Line(_("done within %(length)s of its opening", length=within), moment(because.opened)),)
    title, icon = by.of("actions", effect.name), (action.icon if action else None) or "sparkles"
    says = _says(by.program, "actions", effect.name)
    return Brought(title, icon, "action", says, points=effect.amount, lines=lines)


# Badges and levels


def _award(by: Speaker, effect: Award, because: Because | None) -> Brought:
    if effect.kind == "level":
        return _level(by, effect, because)
    badge = by.program.badges.get(effect.badge)
    return Brought(
        by.of("badges", effect.badge),
        icon_of(badge),
        "badge",
        _says(by.program, "badges", effect.badge),
        metal(badge, effect.tier),
        _tier(by, effect.badge, effect.tier, effect.object, effect.window),
        lines=tuple(_met(by, because)),
        some=_some(because),
    )


def _tier(by: Speaker, badge: str, tier: str | None, thing: str | None, window: str | None) -> str | None:
    """Which award of the badge it is."""
    words = (by.tier(badge, tier) if tier else None, thing, _window(window) if window else None)
    return ", ".join(word for word in words if word) or None


def _window(name: str) -> str:
    return said_window(Window(name, 0, 0))


def _met(by: Speaker, because: Because | None) -> list[Line]:
    if isinstance(because, Seen | SeenSome):
        return reasons.seen(by, because)
    if isinstance(because, Beaten):
        value, best = by.measured(because.metric, because.value), by.measured(because.metric, because.best)
        return [Line(_("more than the best before, %(best)s", best=best), value)]
    if isinstance(because, Rewarded):
        return [Line(_reward(by, because), "")]
    return [Line(_("given by hand"), because.reason or "")] if isinstance(because, ByHand) else []


def _reward(by: Speaker, because: Rewarded) -> str:
    if because.kind == "goal":
        return _("came with the goal %(goal)s", goal=by.of("goals", because.key))
    return _("came as a prize of %(board)s", board=by.of("leaderboards", because.key))


def _some(because: Because | None) -> str | None:
    several = reasons.how_many(because) if isinstance(because, SeenSome) else None
    if several is None:
        return None
    return ngettext("It took one of these:", "It took %(num)s of these:", several[0])


def _level(by: Speaker, effect: Award, because: Because | None) -> Brought:
    lines: tuple[Line, ...] = ()
    if isinstance(because, Climbed) and because.at:
        needed, earned = by.points(because.at), by.points(int(because.earned))
        lines = (Line(_("%(points)s earned", points=needed), earned),)
    return Brought(by.level(effect.badge), "star", "level", lines=lines)


# Goals and streaks


def _reached(by: Speaker, effect: Reached, because: Because | None) -> Brought:
    goal = by.program.goals.get(effect.goal)
    lines: tuple[Line, ...] = ()
    if goal and isinstance(because, Aimed) and because.value is not None and because.target is not None:
        target = by.measured(goal.metric, because.target)
        asked = _("%(metric)s at %(target)s", metric=by.of("metrics", goal.metric), target=target)
        lines = (Line(asked, by.measured(goal.metric, because.value)),)
    return Brought(
        by.of("goals", effect.goal),
        (goal.icon if goal else None) or "target",
        "goal",
        _says(by.program, "goals", effect.goal),
        tier=_window(effect.window),
        lines=lines,
    )


def _streak(by: Speaker, effect: Extended | Paused) -> Brought:
    title = by.of("streaks", effect.streak)
    streak = by.program.streaks.get(effect.streak)
    if isinstance(effect, Paused):
        first, last = (date_of(day) for day in (effect.first, effect.last))
        return Brought(title, "pause", "streak", _("Paused from %(first)s to %(last)s.", first=first, last=last))
    run = periods(streak.every if streak else "day", effect.current)
    return Brought(title, (streak.icon if streak else None) or "flame", "streak", run)


# What stays


def kept(connection: Connection, number: int) -> list[Brought]:
    """Awards of this event that stay, although the log by now says otherwise."""
    newest = programs.newest(connection)
    if newest is None:
        return []
    by, t = Speaker(newest.program), awards.c
    rows = connection.execute(select(awards).where(t.entry == number, t.kept.is_not(None)).order_by(t.no))
    return [_kept(by, row) for row in rows]


def _kept(by: Speaker, row: Row[Any]) -> Brought:
    if row.kind == "level":
        return Brought(by.level(row.badge), "star", "level", kept=True)
    badge = by.program.badges.get(row.badge)
    return Brought(
        by.of("badges", row.badge),
        icon_of(badge),
        "badge",
        _says(by.program, "badges", row.badge),
        metal(badge, row.tier),
        _tier(by, row.badge, row.tier, row.object, row.window),
        points=row.points or None,
        kept=True,
    )
