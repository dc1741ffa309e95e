"""Levels in the fold."""

from __future__ import annotations

from hub.gamification import counting
from hub.gamification.badges import HasLevel
from hub.gamification.because import Climbed
from hub.gamification.moment import Moment
from hub.gamification.outcome import Award


def climb(here: Moment) -> None:
    """Reach each level that the points earned so far reach."""
    here.climbing = False
    earned = counting.value(here, "points_earned", "all") or 0
    levels = here.plan.levels
    while here.state.level < len(levels) and earned >= levels[here.state.level].at:
        level = levels[here.state.level]
        here.state.level += 1
        key = f"level/{level.key}"
        if key in here.state.kept:
            here.outcome.due_again.append(key)
            continue
        here.awarded.add(key)
        version = here.plan.newest.number
        here.outcome.effects.append(Award(key, "level", level.key, None, None, None, 0, here.event, version))
        if here.traced:
            here.tell(Climbed(earned, level.at))
        for higher in levels[: here.state.level]:
            here.changed("level", higher.key)


def has(here: Moment, when: HasLevel) -> bool:
    """That level or a higher one, reached or kept."""
    wanted = here.plan.level_index[when.level]
    kept = [
        here.plan.level_index.get(key.removeprefix("level/"), -1) for key in here.state.kept if key.startswith("level/")
    ]
    return here.state.level > wanted or max(kept, default=-1) >= wanted
