"""Homepages of roles that the program gives none: made of what the program has, for what people of the role come for.

An owner comes for her company's standing and its money, a rep for her goal and her claims, marketing for leads and
funds, service for what customers say, the field for its partners, support for those too, an admin for all boards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import chain, islice

from hub.gamification.explain import unit_of
from hub.gamification.goals import Goal
from hub.gamification.leaderboards import Leaderboard
from hub.gamification.metrics import Metric
from hub.gamification.program import Placement, Program

Part = Callable[[Program], Iterator[Placement]]

#: How many of its kind a page has at most: more is for the program to choose.
NUMBERS, LISTS, BOARDS = 4, 3, 4
_CURRENCY = re.compile("[A-Z]{3}")


def page(program: Program, role: str | None = None) -> tuple[Placement, ...]:
    """The homepage of a role; of one that is not built in, and of somebody without any, what everybody comes for."""
    return tuple(chain.from_iterable(part(program) for part in _PAGES.get(role or "", _EVERYBODY)))


# What pages are made of


def _goals(program: Program) -> Iterator[Placement]:
    if program.goals:
        yield Placement("progress_to_goal", size="wide")


def _step(program: Program) -> Iterator[Placement]:
    if program.actions:
        yield Placement("next_action")


def _points(_program: Program) -> Iterator[Placement]:
    yield Placement("points")


def _badges(program: Program) -> Iterator[Placement]:
    if program.badges:
        yield Placement("badges")


def _requirements(program: Program) -> Iterator[Placement]:
    """Of the badge that is nearest."""
    if any(badge.conditions for badge in program.badges.values()):
        yield Placement("requirements")


def _streaks(program: Program) -> Iterator[Placement]:
    return (Placement("streak", {"streak": key}) for key in program.streaks)


def _boards(program: Program) -> Iterator[Placement]:
    return _several(program, lambda _: True)


def _boards_of_people(program: Program) -> Iterator[Placement]:
    return _several(program, lambda board: board.whose == "member")


def _boards_of_companies(program: Program) -> Iterator[Placement]:
    return _several(program, lambda board: board.whose == "organization")


def _several(program: Program, fits: Callable[[Leaderboard], bool]) -> Iterator[Placement]:
    found = (board for board in program.leaderboards.values() if fits(board))
    return (Placement("leaderboard", {"leaderboard": board.key}) for board in islice(found, BOARDS))


def _lists(program: Program) -> Iterator[Placement]:
    """What goes through states: claims, registrations."""
    found = (one.key for one in program.metrics.values() if one.take == "latest" and one.by is not None)
    return (Placement("list", {"metric": key}) for key in islice(found, LISTS))


def _contacts(_program: Program) -> Iterator[Placement]:
    yield Placement("contacts")


def _partners(_program: Program) -> Iterator[Placement]:
    yield Placement("my_partners", size="full")


def _money(program: Program) -> Iterator[Placement]:
    """What only companies have: funds, rebates."""
    found = (
        metric
        for metric in program.metrics.values()
        if _about(program, metric) == {"organization"} and _CURRENCY.fullmatch(unit_of(program, metric) or "")
    )
    return (Placement("kpi", {"metric": metric.key}) for metric in islice(found, NUMBERS))


def _company(program: Program) -> Iterator[Placement]:
    """How the company does, in the windows that its goals and boards look at."""
    found = dict.fromkeys(
        (one.metric, one.window)
        for one in _looking(program)
        if one.whose == "organization" and isinstance(one.window, str)
    )
    for metric, window in islice(found, NUMBERS):
        yield Placement("kpi", {"metric": metric, "window": window, "whose": "organization"})


def _numbers_of(*stages: str) -> Part:
    """What the events of these stages come to, in a window that a goal or a board looks at, or in all."""

    def numbers(program: Program) -> Iterator[Placement]:
        found = (metric for metric in program.metrics.values() if _is_of(program, metric, stages))
        return (_number(program, metric) for metric in islice(found, NUMBERS))

    return numbers


def _is_of(program: Program, metric: Metric, stages: Collection[str]) -> bool:
    types = [program.events[name] for name in _types(program, metric)]
    mine = bool(types) and all(one.about == "member" and one.stage in stages for one in types)
    # Of what a goal says, the goal is shown.
    return mine and metric.numeric and all(goal.metric != metric.key for goal in program.goals.values())


def _number(program: Program, metric: Metric) -> Placement:
    windows = (one.window for one in _looking(program) if one.metric == metric.key and one.whose == "member")
    window = next((one for one in windows if isinstance(one, str)), None)
    return Placement("kpi", {"metric": metric.key, **({"window": window} if window else {})})


def _looking(program: Program) -> Iterator[Goal | Leaderboard]:
    return chain(program.goals.values(), program.leaderboards.values())


def _about(program: Program, metric: Metric) -> set[str]:
    return {program.events[name].about for name in _types(program, metric)}


def _types(program: Program, metric: Metric) -> set[str]:
    """The events that a metric is made from."""
    parts = (_types(program, program.metrics[part]) for part in metric.parts)
    return set(metric.types).union(*parts)


_EVERYBODY: tuple[Part, ...] = (_goals, _step, _points, _lists, _badges, _streaks, _boards)
_PAGES: Mapping[str, tuple[Part, ...]] = {
    "sales_rep": (_goals, _step, _points, _requirements, _lists, _badges, _streaks, _boards_of_people, _contacts),
    "partner_owner": (_goals, _step, _money, _company, _boards_of_companies, _points, _lists, _badges, _contacts),
    "marketing": (_goals, _step, _numbers_of("market"), _money, _points, _lists, _badges, _streaks, _contacts),
    "service_support": (
        *(_goals, _step, _numbers_of("enable", "accelerate"), _points, _requirements, _lists, _badges, _streaks),
        *(_boards_of_people, _contacts),
    ),
    "field_team": (_partners, _goals, _step, _boards, _points, _badges),
    "support_team": (_partners, _goals, _step, _lists, _numbers_of("accelerate"), _points, _badges, _streaks),
    "program_admin": (_boards_of_companies, _boards_of_people, _points),
}
