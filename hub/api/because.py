"""What made an effect, as the API tells it: keys of the program, exact numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.api.answers import moment, plain
from hub.gamification.badges import GoalReached, HasBadge, HasLevel, Leaf, MetricAtLeast, StreakAtLeast
from hub.gamification.because import (
    Aimed,
    Answered,
    Beaten,
    Because,
    ByHand,
    Climbed,
    Cut,
    Priced,
    Rewarded,
    Seen,
    SeenSome,
)
from hub.gamification.plan import kind_name

Told = dict[str, Any]


def because_json(because: Because | None) -> Told | None:
    """Null where the effect says it all."""
    return None if because is None else _TOLD[type(because)](because)


def _priced(of: Priced) -> Told:
    return {
        "measured": of.measured,
        "base": of.base,
        "boosts": [{"boost": key, "factor": str(factor)} for key, factor in of.boosts],
        "cut": [_cut(cut) for cut in of.cuts],
    }


def _cut(of: Cut) -> Told:
    return {"cap": of.cap, "per": kind_name(of.per), "points": of.limit, "from": of.before, "to": of.after}


def _seen(of: Seen) -> Told:
    window = {} if of.window is None else {"window": of.window.name}
    thing = {} if of.object is None else {"object": of.object}
    return {**_leaf(of.leaf), "found": plain(of.found), "met": of.met, **window, **thing}


def _leaf(of: Leaf) -> Told:
    if isinstance(of, MetricAtLeast):
        return {"metric": of.metric, "at_least": of.at_least}
    if isinstance(of, StreakAtLeast):
        return {"streak": of.streak, "at_least": of.at_least}
    if isinstance(of, HasBadge):
        return {"badge": of.badge, **({} if of.tier is None else {"tier": of.tier}), "times": of.times}
    return {"level": of.level} if isinstance(of, HasLevel) else _goal(of)


def _goal(of: GoalReached) -> Told:
    return {"goal": of.goal}


def _seen_some(of: SeenSome) -> Told:
    parts = [_seen(part) if isinstance(part, Seen) else _seen_some(part) for part in of.parts]
    return {"at_least_of": of.wanted, "conditions": parts}


def _aimed(of: Aimed) -> Told:
    return {"found": plain(of.value), "target": plain(of.target)}


_TOLD: Mapping[type, Callable[[Any], Told]] = {
    Priced: _priced,
    Seen: _seen,
    SeenSome: _seen_some,
    Beaten: lambda of: {"metric": of.metric, "found": plain(of.value), "best": plain(of.best)},
    Rewarded: lambda of: {of.kind: of.key},
    ByHand: lambda of: {"by": of.by, "reason": of.reason},
    Aimed: _aimed,
    Climbed: lambda of: {"at": of.at, "found": plain(of.earned)},
    Answered: lambda of: {"opened": moment(of.opened), "until": moment(of.until)},
}
