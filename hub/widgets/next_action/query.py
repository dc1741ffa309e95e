"""What the next-action widget shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from hub.actions.hiding import Hidden
from hub.actions.suggesting import Toward, suggestion
from hub.directory import profiles
from hub.gamification.actions import Action, Idle, Pace
from hub.gamification.conditions import holds
from hub.gamification.points import Rule
from hub.gamification.windows import DAY
from hub.ledger import reading
from hub.ledger.standings import ActionStanding
from hub.widgets.kit import View
from hub.widgets.told import Condition, condition, tier_title
from hub.wording import Quantity

#: How many of the badges and goals that it counts toward are told.
TOWARD = 2
ICON = "rocket"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why it is suggested. `kind`: idle (none of `event` for `days`; `last_at` None: never), pace (of `goal`, where an
    even pace would be at `due`), conditions, always.
    """

    kind: str
    event: str = ""
    days: int = 0
    last_at: int | None = None
    goal: str = ""
    behind: bool = True
    share: Fraction | None = None
    due: Fraction | None = None
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Earns:
    """What a rule gives for it: points each time, or for every so much."""

    points: int
    for_every: Quantity | None


@dataclass(frozen=True, slots=True)
class Helps:
    """A badge, or a goal, that it counts toward, and how far that is."""

    title: str
    tier: str | None
    is_goal: bool
    share: Fraction


@dataclass(frozen=True, slots=True)
class Step:
    """`bonus` comes with it until `bonus_until`; 0: none, or too late. `noted`: it is known that she saw it today."""

    key: str
    title: str
    text: str
    icon: str
    link: str | None
    away: bool  # the link leads out of the hub
    reason: Reason
    bonus: int
    bonus_until: int | None
    earns: tuple[Earns, ...]
    helps: tuple[Helps, ...]
    noted: bool


@dataclass(frozen=True, slots=True)
class Put:
    """An action that the viewer put off until then (an instant), or does not want (None)."""

    key: str
    title: str
    until: int | None


@dataclass(frozen=True, slots=True)
class Values:
    step: Step | None
    put: tuple[Put, ...]


def query(view: View) -> Values:
    found = suggestion(view.connection, view.version, view.member.no, view.member.time_zone, view.now)
    step = _step(view, found.chosen, found.toward, found.noted) if found.chosen else None
    return Values(step, tuple(_put(view, key, hidden) for key, hidden in found.hidden))


def _put(view: View, key: str, hidden: Hidden) -> Put:
    return Put(key, view.title("actions", key), hidden.until)


def _step(view: View, standing: ActionStanding, toward: tuple[Toward, ...], noted: bool) -> Step:
    action = view.program.actions[standing.action]
    until = standing.opened + action.bonus.within if action.bonus else None
    in_time = action.bonus is not None and until is not None and view.now <= until
    return Step(
        key=action.key,
        title=view.said(action.title, action.key),
        text=view.said(action.text, ""),
        icon=action.icon or ICON,
        link=action.link,
        away=action.link is not None and not action.link.startswith("/"),
        reason=_reason(view, action, standing),
        bonus=action.bonus.points if action.bonus and in_time else 0,
        bonus_until=until if in_time else None,
        earns=tuple(_earns(view, action)),
        helps=tuple(_helps(view, one) for one in toward[:TOWARD]),
        noted=noted,
    )


def _reason(view: View, action: Action, standing: ActionStanding) -> Reason:
    if isinstance(action.when, Idle):
        event = view.title("events", action.types[0])
        return Reason("idle", event=event, days=action.when.length // DAY, last_at=standing.last)
    if isinstance(action.when, Pace):
        return _pace(view, action.when)
    if standing.requirements:
        return Reason("conditions", conditions=tuple(condition(view, one) for one in standing.requirements if one.met))
    return Reason("always")


def _pace(view: View, when: Pace) -> Reason:
    goal, behind = view.title("goals", when.goal), when.pace == "behind"
    found = reading.goals(view.connection, view.version, view.member.no, view.now, only=when.goal)
    if not found or found[0].target <= 0:
        return Reason("pace", goal=goal, behind=behind)
    window, share = found[0].window, Fraction(found[0].actual or 0) / Fraction(found[0].target)
    due = Fraction(view.now - window.start, window.end - window.start)
    return Reason("pace", goal=goal, behind=behind, share=share, due=due)


def _earns(view: View, action: Action) -> Iterator[Earns]:
    """What rules give the viewer for its event, whatever is in it; of those that ask for more, nothing is promised."""
    profile = profiles.of_member(view.connection, view.member.no).at(view.now).values
    for rule in view.program.rules.values():
        if not set(rule.types) & set(action.types) or rule.where is not None or not _in_force(rule, view.now):
            continue
        if rule.award.points > 0 and (rule.for_ is None or holds(rule.for_, profile)):
            yield Earns(rule.award.points, _for_every(view, rule))


def _in_force(rule: Rule, now: int) -> bool:
    return (rule.from_ is None or rule.from_ <= now) and (rule.until is None or now < rule.until)


def _for_every(view: View, rule: Rule) -> Quantity | None:
    award = rule.award
    if award.of is None or award.for_every is None:
        return None
    declared = (
        view.program.events[name].attributes.get(award.of) for name in rule.types if name in view.program.events
    )
    unit = next((one.unit for one in declared if one is not None and one.unit), None)
    return Quantity(award.for_every, unit)


def _helps(view: View, toward: Toward) -> Helps:
    if toward.badge is not None and toward.badge.next is not None:
        badge = view.program.badges.get(toward.badge.badge)
        tier = tier_title(view, badge, toward.badge.next.tier)
        return Helps(view.title("badges", toward.badge.badge), tier, is_goal=False, share=toward.share)
    assert toward.goal is not None, "it is toward a badge or a goal"
    return Helps(view.title("goals", toward.goal.goal), None, is_goal=True, share=toward.share)
