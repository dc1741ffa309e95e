"""Acts in the fold: what one of the hub's own events gives by itself, without a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hub.gamification import aiming, awarding, counting
from hub.gamification.because import ByHand, Rewarded
from hub.gamification.moment import Moment
from hub.gamification.outcome import Points


def act(here: Moment) -> None:
    """Post what the event itself gives."""
    give = _ACTS.get(here.event.type)
    if give is not None:
        give(here)


def _adjust(here: Moment) -> None:
    _post(here, "adjustment", "member", here.event.id, f"member/{here.event.id}", _by_hand(here))


def _grant(here: Moment) -> None:
    data = here.event.data
    awarding.grant(here, data["badge"], data.get("tier"), _by_hand(here))


def _by_hand(here: Moment) -> ByHand:
    return ByHand(here.event.data.get("by"), here.event.data.get("reason"))


def _prize(here: Moment) -> None:
    board = here.event.data["leaderboard"]
    _post(here, "prize", "leaderboard", board, f"leaderboard/{board}/{here.event.id}")
    badge = here.event.data.get("badge")
    if badge in here.plan.badge_index:
        awarding.give(here, badge, Rewarded("leaderboard", board))


def _post(here: Moment, kind: str, cause: str, name: str, key: str, why: ByHand | None = None) -> None:
    amount = int(here.event.data["points"])
    if amount == 0:
        return
    version = here.plan.newest.number
    here.outcome.effects.append(Points(key, kind, cause, name, amount, here.event, version))
    if why is not None and here.traced:
        here.tell(why)
    counting.receive(here, amount)


def _recognized(here: Moment) -> None:
    # The line is posted by the act, from the giver's budget.
    counting.receive(here, int(here.event.data["points"]))


_ACTS: Mapping[str, Callable[[Moment], None]] = {
    "hub.points.adjusted": _adjust,
    "hub.badge.granted": _grant,
    "hub.prize.won": _prize,
    "hub.recognition.received": _recognized,
    "hub.goal.closed": aiming.close,
}
