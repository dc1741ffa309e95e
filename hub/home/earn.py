"""How to earn: what the live program gives whoever looks, in plain words, made from the rules themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from hub import clock
from hub.db import reader
from hub.directory import profiles
from hub.gamification.badges import Badge
from hub.gamification.conditions import Condition, holds
from hub.gamification.explain import Entry
from hub.gamification.goals import Goal
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.plan import Plan
from hub.gamification.points import Boost, Rule
from hub.gamification.program import Program
from hub.home import current
from hub.identity import Viewer, requires
from hub.ledger import programs, reading
from hub.wording import language, said
from hub.wording.entries import gift, price, sentence
from hub.wording.phrases import Speaker

bp = Blueprint("earn", __name__)

Profile = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to earn. `brings`: in a few words; `rule`: the entry as a sentence; `address`: where one sees how far."""

    title: str
    icon: str
    brings: str | None
    about: str | None
    rule: str
    costs: bool = False
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """A level, and whether it is the one that was reached."""

    title: str
    at: int
    here: bool


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways to earn: rules in force that are for whoever looks, those to come, those for others; and the rest."""

    now: tuple[Way, ...]
    boosts: tuple[Way, ...]
    soon: tuple[Way, ...]
    others: tuple[Way, ...]
    caps: tuple[str, ...]
    actions: tuple[Way, ...]
    goals: tuple[Way, ...]
    badges: tuple[Way, ...]
    boards: tuple[Way, ...]
    levels: tuple[Rung, ...]

    @property
    def none(self) -> bool:
        return not (self.now or self.soon or self.others or self.goals or self.badges or self.actions or self.boards)


@bp.get("/earn")
@requires("program:see")
def page() -> ResponseReturnValue:
    viewer, now = current.member(), clock.now()
    with reader() as connection:
        plan = programs.plan(connection)
        if plan is None:
            return render_template("home/unpublished.html")
        told = _ways(connection, plan, viewer, now)
    return render_template("home/earn.html", it=told)


def _ways(connection: Connection, plan: Plan, viewer: Viewer, now: int) -> Ways:
    mine = profiles.of_member(connection, viewer.no).at(now).values
    firm: Profile = {}
    if viewer.organization is not None:
        firm = profiles.of_organization(connection, viewer.organization).at(now).values
    # Points go by the version in force, all else by the newest.
    paying = _in_force(plan, now)
    program, by = plan.program, Speaker(plan.program)
    in_force = [one for one in paying.rules.values() if _holds(one, now)]
    ahead = [one for one in paying.rules.values() if one.from_ is not None and one.from_ > now]
    return Ways(
        now=_rules(paying, in_force, mine),
        boosts=tuple(_boosts(paying, mine, now)),
        soon=_rules(paying, ahead, mine),
        others=tuple(_rule(paying, one) for one in in_force if not _fits(one.for_, mine)),
        caps=tuple(sentence(paying, Entry("caps", key, one)) for key, one in paying.caps.items()),
        actions=tuple(_actions(by, mine)),
        goals=tuple(_goal(by, one) for one in program.goals.values() if _is_hers(one, mine, firm)),
        badges=tuple(_badge(by, one) for one in program.badges.values() if _is_open(one, mine, now)),
        boards=tuple(
            _board(by, one) for one in program.leaderboards.values() if one.prizes and _is_hers(one, mine, firm)
        ),
        levels=_levels(connection, plan, by, viewer, now),
    )


def _in_force(plan: Plan, now: int) -> Program:
    return next((one.version.program for one in plan.stretches if one.start <= now < one.end), plan.program)


def _holds(one: Rule | Boost | Badge, now: int) -> bool:
    return (one.from_ is None or one.from_ <= now) and (one.until is None or now < one.until)


def _fits(condition: Condition | None, profile: Profile) -> bool:
    return condition is None or holds(condition, profile)


def _is_hers(one: Goal | Leaderboard, mine: Profile, firm: Profile) -> bool:
    return _fits(one.for_, mine if one.whose == "member" else firm)


def _is_open(badge: Badge, mine: Profile, now: int) -> bool:
    """Whether it is told of before it is earned, and can be earned."""
    return badge.state == "active" and not badge.secret and _holds(badge, now) and _fits(badge.for_, mine)


# ------------------------------------------------------------------------------------------------------------ one entry


def _rules(program: Program, rules: Iterable[Rule], mine: Profile) -> tuple[Way, ...]:
    return tuple(_rule(program, one) for one in rules if _fits(one.for_, mine))


def _rule(program: Program, rule: Rule) -> Way:
    by, costs = Speaker(program), rule.award.points < 0
    return Way(
        by.of("rules", rule.key),
        rule.icon or ("minus" if costs else "coins"),
        by.points(rule.award.points) if costs else price(by, rule),
        _text(rule.text),
        sentence(program, Entry("points", rule.key, rule)),
        costs,
    )


def _boosts(program: Program, mine: Profile, now: int) -> Iterator[Way]:
    by = Speaker(program)
    for key, one in program.boosts.items():
        ended = one.until is not None and one.until <= now
        if not ended and _fits(one.for_, mine):
            rule = sentence(program, Entry("boosts", key, one))
            yield Way(by.title(one.title, key), one.icon or "zap", None, _text(one.text), rule)


def _actions(by: Speaker, mine: Profile) -> Iterator[Way]:
    for key, one in by.program.actions.items():
        if one.bonus is not None and _fits(one.for_, mine):
            rule = sentence(by.program, Entry("actions", key, one))
            title, icon = by.of("actions", key), one.icon or "sparkles"
            yield Way(title, icon, by.points(one.bonus.points), _text(one.text), rule)


def _goal(by: Speaker, goal: Goal) -> Way:
    return Way(
        by.of("goals", goal.key),
        goal.icon or "target",
        gift(by, goal.reward) if goal.reward else None,
        _text(goal.text),
        sentence(by.program, Entry("goals", goal.key, goal)),
    )


def _badge(by: Speaker, badge: Badge) -> Way:
    return Way(
        by.of("badges", badge.key),
        badge.icon or "award",
        by.points(badge.points) if badge.points else None,
        _text(badge.text),
        sentence(by.program, Entry("badges", badge.key, badge)),
        address=url_for("badges.one", key=badge.key),
    )


def _board(by: Speaker, board: Leaderboard) -> Way:
    first = min(board.prizes, key=lambda one: one.rank)
    return Way(
        by.of("leaderboards", board.key),
        board.icon or "trophy",
        gift(by, first),
        _text(board.text),
        sentence(by.program, Entry("leaderboards", board.key, board)),
        address=url_for("boards.page", key=board.key),
    )


def _text(texts: Mapping[str, str]) -> str | None:
    return said(texts, "", language()) or None


def _levels(connection: Connection, plan: Plan, by: Speaker, viewer: Viewer, now: int) -> tuple[Rung, ...]:
    if not plan.levels:
        return ()
    level = reading.points(connection, plan.newest, viewer.no, now).level
    return tuple(Rung(by.level(one.key), one.at, level is not None and one.key == level.key) for one in plan.levels)
