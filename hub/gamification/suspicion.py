"""Legal but suspect: what a program says and most likely does not mean. Warnings, which forbid nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from hub.gamification.badges import (
    AtLeastOf,
    Badge,
    GoalReached,
    HasBadge,
    HasLevel,
    MetricAtLeast,
    StreakAtLeast,
    When,
    needed,
)
from hub.gamification.conditions import Condition, names_in
from hub.gamification.events import OWN
from hub.gamification.graphs import in_order
from hub.gamification.sections import Section
from hub.gamification.windows import Span, WindowKind

if TYPE_CHECKING:
    from hub.gamification.program import Program


def warn(program: Program, root: Section, now: int, sent: Collection[str] | None) -> None:
    """Notes what is suspect of a program. `sent`: the event types in the log; empty or unknown, and no rule is suspect
    for its event.
    """
    for path, end in _ends(program):
        if end is not None and end <= now:
            root.warn(path, "past", "ended in the past")
    _warn_of_badges(program, root)
    if sent:
        _warn_of_never_sent(program, root, sent)
    _warn_of_roles(program, root)


# An end in the past


def _ends(program: Program) -> Iterator[tuple[str, int | None]]:
    for rule in program.rules.values():
        yield f"points.{rule.key}.until", rule.until
        yield from ((f"points.{rule.key}.cap", _end(cap.per)) for cap in rule.caps)
    for shared in program.caps.values():
        yield f"caps.{shared.key}.per", _end(shared.cap.per)
    for boost in program.boosts.values():
        yield f"boosts.{boost.key}.until", boost.until
    for badge in program.badges.values():
        yield f"badges.{badge.key}.until", badge.until
    for goal in program.goals.values():
        yield f"goals.{goal.key}.window", _end(goal.window)
    for board in program.leaderboards.values():
        yield f"leaderboards.{board.key}.window", _end(board.window)


def _end(window: WindowKind) -> int | None:
    return window.end if isinstance(window, Span) else None


# A badge that nothing can reach


def _warn_of_badges(program: Program, root: Section) -> None:
    reach = _Reach(program)
    for badge in program.badges.values():
        if badge.state != "active" or badge.key in reach.given:
            continue
        if not badge.conditions and badge.best is None:
            root.warn(f"badges.{badge.key}", "unreachable", "nothing earns it; it can only be granted by hand")
        elif badge.key in reach.out:
            root.warn(f"badges.{badge.key}", "unreachable", "nothing can reach it")


class _Reach:
    """`out`: badges whose conditions can never hold, since what they look at never comes. `given`: those that come as
    rewards or prizes.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._levels = {level.key: level for level in program.levels}
        self._never = _valueless(program)
        self.given = _given(program)
        self.out: set[str] = set()
        # A badge that needs one out of reach is out of reach too.
        for key in in_order({key: tuple(needed(badge)) for key, badge in program.badges.items()}):
            if self._is_out(program.badges[key]):
                self.out.add(key)

    def _is_out(self, badge: Badge) -> bool:
        if badge.key in self.given:
            return False
        if badge.best is not None:
            return badge.best.metric in self._never
        return not any(self._comes(when) for when in badge.conditions)

    def _comes(self, when: When) -> bool:
        """Whether a condition can hold."""
        if isinstance(when, AtLeastOf):
            return sum(self._comes(part) for part in when.conditions) >= when.count
        if isinstance(when, MetricAtLeast):
            return when.metric not in self._never or when.at_least <= 0
        if isinstance(when, HasBadge):
            return self._badge_comes(when)
        if isinstance(when, HasLevel):
            level = self._levels.get(when.level)
            return level is None or level.at == 0 or "points_earned" not in self._never
        if isinstance(when, GoalReached):
            goal = self._program.goals.get(when.goal)
            return goal is None or goal.metric not in self._never
        return self._streak_comes(when)

    def _badge_comes(self, when: HasBadge) -> bool:
        badge = self._program.badges.get(when.badge)
        if badge is None or badge.key in self.given:
            return True
        often = when.times == 1 or badge.repeat or badge.best is not None
        return badge.state == "active" and often and badge.key not in self.out

    def _streak_comes(self, when: StreakAtLeast) -> bool:
        streak = self._program.streaks.get(when.streak)
        return streak is None or not _about_organizations(self._program, streak.types)


def _given(program: Program) -> set[str]:
    """Badges that come as rewards or prizes."""
    rewards = {goal.reward.badge for goal in program.goals.values() if goal.reward}
    prizes = {prize.badge for board in program.leaderboards.values() for prize in board.prizes}
    return {badge for badge in rewards | prizes if badge}


def _valueless(program: Program) -> set[str]:
    """Metrics that no member ever has a value of: nothing feeds them."""
    never = {
        metric.key
        for metric in program.metrics.values()
        if metric.types and _about_organizations(program, metric.types)
    }
    if not _earns(program):
        never |= {"points_earned"}
    for key in in_order({key: metric.parts for key, metric in program.metrics.items()}):
        metric = program.metrics[key]
        if metric.combined and _lacks_parts(metric.share, metric.parts, never):
            never.add(key)
    return never


def _lacks_parts(share: str | None, parts: Collection[str], never: Collection[str]) -> bool:
    """Of a share both parts are needed, of a sum one."""
    missing = [part in never for part in parts]
    return any(missing) if share is not None else all(missing)


def _about_organizations(program: Program, types: Collection[str]) -> bool:
    """Whether these events are all about organizations: such are no member's."""
    return bool(types) and all(program.events[kind].about == "organization" for kind in types)


def _earns(program: Program) -> bool:
    """Whether anything in the program gives points that are earned."""
    return (
        any(rule.award.points > 0 for rule in program.rules.values())
        or any(badge.points for badge in program.badges.values())
        or any(goal.reward and goal.reward.points for goal in program.goals.values())
        or any(action.bonus for action in program.actions.values())
        or any(survey.points for survey in program.surveys.surveys.values())
    )


# The rest


def _warn_of_never_sent(program: Program, root: Section, sent: Collection[str]) -> None:
    """Of the hub's own events nobody waits for a sender."""
    for rule in program.rules.values():
        if rule.types and not any(kind in sent or kind in OWN for kind in rule.types):
            root.warn(f"points.{rule.key}.event", "never_sent", f"no {', '.join(rule.types)} was ever sent")


def _warn_of_roles(program: Program, root: Section) -> None:
    """An organization has no role and no locale: a condition on either leaves nobody."""
    entries: list[tuple[str, str, Condition | None]] = []
    entries += [(f"goals.{goal.key}.for", goal.whose, goal.for_) for goal in program.goals.values()]
    entries += [(f"leaderboards.{board.key}.for", board.whose, board.for_) for board in program.leaderboards.values()]
    for path, whose, condition in entries:
        if whose == "organization" and condition and {"role", "locale"} & set(names_in(condition)):
            root.warn(path, "unreachable", "an organization has neither role nor locale")
