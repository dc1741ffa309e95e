"""The walk along the log: what is known grows place by place, windows become final in between.

`tell(log, now)` answers everything that one may ask of a hub that has this log at this time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from hub.gamification.goals import Reward
from tests.model import boards, goals, metrics, streaks
from tests.model.actions import Opening
from tests.model.boards import Board, Candidate
from tests.model.conditions import holds
from tests.model.facts import Fact, Facts, settled
from tests.model.fold import GOAL_CLOSED, PRIZE, Fold, Standing
from tests.model.goals import Reached, Shown
from tests.model.known import Known
from tests.model.metrics import Line, Part, Value
from tests.model.places import (
    Activity,
    AwardKey,
    Canonical,
    Entry,
    MemberRow,
    OrganizationRow,
    PlaceInLog,
    Published,
    Reversal,
    Revoked,
    Target,
)
from tests.model.points import Skipped
from tests.model.times import EVER, Window, date_in, date_written


def tell(log: Sequence[PlaceInLog], now: int) -> World:
    """All that follows from the log, told in its order, at a time."""
    world = World(now)
    for place in log:
        world.close(place.known_at)
        world.take(place)
    world.close(now)
    return world


REASONS = {
    Entry: "late",
    Reversal: "reversed",
    MemberRow: "profile",
    OrganizationRow: "profile",
    Target: "target",
    Published: "version",
    Activity: "",
    Revoked: "revoked",
}


@dataclass(frozen=True)
class Final:
    """A goal or a board of a window that is final: what no longer changes of it."""

    shown: dict[str, Shown]  # goals, by who
    rewards: dict[str, Reached | None]  # of members
    boards: dict[str | None, Board]  # by the value of `among`


class World:
    """What stands at a place of the log. After the last one it is asked."""

    def __init__(self, now: int) -> None:
        self.now = now  # of the clock, when it is asked
        self.known = Known()
        self.folds: dict[str, Fold] = {}
        self._facts: dict[str, Facts] = {}
        self.ended: dict[str, dict[AwardKey, str]] = {}  # what was revoked, and why
        self._barred: dict[str, frozenset[tuple[AwardKey, Canonical]]] = {}
        self._final: dict[tuple[str, str, str], Final] = {}  # (goal or board, key, window)
        self._unrewarded: frozenset[tuple[str, str]] = frozenset()  # goals' windows, final when first named

    # The walk.

    def take(self, place: PlaceInLog) -> None:
        before = self.known
        self.known = before.and_(place)
        if isinstance(place, Revoked):
            self._revoke(place)
        if isinstance(place, Published):
            self._unrewarded |= self._final_when_first_named(before, place)
        for member in self._touched(place):
            self._fold(member, REASONS[type(place)])
        if isinstance(place, Published):
            self._freeze(self._due(place.known_at), place.known_at, prizes=False)

    def _touched(self, place: PlaceInLog) -> Iterable[str]:
        """Whose fold a place may change. "Nothing in a member's fold depends on another member." """
        if not self.known.versions:
            return ()
        if isinstance(place, Published | OrganizationRow):
            return self.known.members
        if isinstance(place, Reversal):
            entries = [one for one in self.known.places if isinstance(one, Entry)]
            of = [one for one in entries if (one.source, one.id) == (place.source, place.id)]
            return [one.member for one in of if one.member is not None]
        who = place.who if isinstance(place, Target) else place.member
        return [who] if who in self.known.members else ()

    def _fold(self, member: str, reason: str) -> None:
        fold, facts, ended = settled(
            lambda standing: Fold(self.known, member, standing, self.now),
            self._standing(member),
            self._facts.get(member, {}),
            reason,
            lambda key: reason == "reversed" and self._revokes(key),
        )
        self.folds[member], self._facts[member] = fold, facts
        self.ended.setdefault(member, {}).update(dict.fromkeys(ended, reason))

    def _standing(self, member: str) -> Standing:
        final = {
            (key, window): frozen.rewards.get(member)
            for (kind, key, window), frozen in self._final.items()
            if kind == "goal"
        }
        return Standing(barred=self._barred.get(member, frozenset()), final=final, unrewarded=self._unrewarded)

    def _revokes(self, key: AwardKey) -> bool:
        badge = self.known.program.badges.get(key.name) if key.kind == "badge" else None
        return badge is not None and badge.on_reversal == "revoke"

    def _revoke(self, place: Revoked) -> None:
        facts = dict(self._facts.get(place.member, {}))
        fact = facts.pop(place.award, None)
        if fact is not None:
            self._facts[place.member] = facts
            self._barred[place.member] = self._barred.get(place.member, frozenset()) | {(fact.key, fact.place)}
            self.ended.setdefault(place.member, {})[fact.key] = "revoked"

    # Windows that become final. Section "Windows, lateness, history".

    def close(self, until: int) -> None:
        """Closes all that is final at an instant, in the order of their final instants."""
        while self.known.versions:
            due = self._due(until)
            if not due:
                return
            first = min(self._final_instant(window) for _, _, window in due)
            together = [each for each in due if self._final_instant(each[2]) == first]
            for entry in self._freeze(together, first, prizes=True):
                self.take(entry)

    def _final_instant(self, window: Window) -> int:
        return window.end + int(self.known.program.settings.grace)

    def _due(self, until: int) -> list[tuple[str, Any, Window]]:
        """Goals and boards, with a window that is final by then and is not frozen yet."""
        program = self.known.program
        named = [("goal", each) for each in program.goals.values()]
        named += [("board", each) for each in program.leaderboards.values()]
        found = []
        for kind, each in named:
            for window in self.known.calendar.from_on(each.window, self.known.live_from):
                if self._final_instant(window) > until:
                    break
                if (kind, each.key, window.name) not in self._final:
                    found.append((kind, each, window))
        return found

    def _freeze(self, due: list[tuple[str, Any, Window]], at: int, *, prizes: bool) -> list[Entry]:
        """Freezes what is due, as the log now reads; the entries that this makes."""
        frozen = [(kind, each, window, self._as_final(kind, each, window, at)) for kind, each, window in due]
        entries: list[Entry] = []
        for kind, each, window, final in frozen:
            self._final[kind, each.key, window.name] = final
            if prizes and kind == "goal":
                entries += self._closed_goals(each, window, final, at)
            if prizes and kind == "board":
                entries += self._won_prizes(each, window, final, at)
        return entries

    def _as_final(self, kind: str, each: Any, window: Window, at: int) -> Final:
        if kind == "board":
            return Final({}, {}, self._boards(each, window, at, final=True))
        who = self.known.members if each.whose == "member" else self.known.organizations
        shown = {one: self._shown(each, one, window, at, final=True) for one in who}
        rewards = {one: self._reward(each, one, window) for one in self.known.members}
        return Final({one: found for one, found in shown.items() if found is not None}, rewards, {})

    def _reward(self, goal: Any, member: str, window: Window) -> Reached | None:
        return self.folds[member].reached.get((goal.key, window.name)) if member in self.folds else None

    def _closed_goals(self, goal: Any, window: Window, final: Final, at: int) -> list[Entry]:
        """An `at_most` goal is decided, and rewarded, at the final instant, for every member active then who has it."""
        if goal.direction != "at_most" or goal.whose != "member":
            return []
        entries = []
        for member, shown in final.shown.items():
            if self.known.is_active(member):
                reward = goal.reward or Reward()
                data = {"goal": goal.key, "window": window.name, "status": shown.status}
                data |= {"points": reward.points, "badge": reward.badge}
                entries.append(_own_entry(GOAL_CLOSED, f"{goal.key}/{window.name}/{member}", member, data, at))
        return entries

    def _won_prizes(self, leaderboard: Any, window: Window, final: Final, at: int) -> list[Entry]:
        """Tied members each get the whole prize of their rank."""
        entries = []
        for among, board in final.boards.items():
            for row in board.rows:
                for prize in (prize for prize in leaderboard.prizes if prize.rank == row.rank):
                    data = {"leaderboard": leaderboard.key, "rank": row.rank, "points": prize.points}
                    data |= {"badge": prize.badge}
                    name = f"{leaderboard.key}/{window.name}/{among or 'all'}/{row.id}"
                    entries.append(_own_entry(PRIZE, name, row.id, data, at))
        return entries

    def _final_when_first_named(self, before: Known, place: Published) -> frozenset[tuple[str, str]]:
        """Windows that were final when this version first named their goal give no rewards."""
        named = {key for version in before.versions for key in version.program.goals}
        return frozenset(
            (each.key, window.name)
            for kind, each, window in self._due(place.known_at)
            if kind == "goal" and each.key not in named
        )

    # Answers: of a member.

    def lines(self, member: str) -> dict[tuple[Any, ...], int]:
        """Points by cause key."""
        found: dict[tuple[Any, ...], int] = {}
        for line in self._lines(member):
            found[line.key] = found.get(line.key, 0) + line.amount
        return found

    def _lines(self, member: str) -> list[Line]:
        return self.folds[member].lines if member in self.folds else []

    def facts(self, member: str) -> Facts:
        return self._facts.get(member, {})

    def badges(self, member: str) -> list[Fact]:
        return [fact for fact in self.facts(member).values() if fact.key.kind == "badge"]

    def levels(self, member: str) -> list[Fact]:
        return [fact for fact in self.facts(member).values() if fact.key.kind == "level"]

    def reached(self, member: str) -> dict[tuple[str, str], Reached]:
        """Goals as the fold sees them: for conditions and effects."""
        return self.folds[member].reached if member in self.folds else {}

    def actions(self, member: str) -> dict[str, Opening]:
        """The open ones."""
        return self.folds[member].openings.open if member in self.folds else {}

    def skipped(self, member: str) -> dict[tuple[str, str], list[Skipped]]:
        """All skips, by the entry's source and id."""
        return self.folds[member].skipped if member in self.folds else {}

    def skips(self, source: str, id: str) -> list[Skipped]:
        entry = self.known.entry(source, id)
        if self.known.is_reversed(entry):
            return [Skipped(None, "reversed")]
        if entry.member not in self.folds:
            return []
        return self.folds[entry.member].skipped.get((source, id), [])

    def streak(self, member: str, key: str) -> streaks.Run:
        """At `now`."""
        streak = self.known.program.streaks[key]
        return streaks.state(self.known, member, streak, self.known.entries_of(member), self.now)

    # Answers: metrics, of members and organizations.

    def metric(self, member: str, key: str, window: str = "all") -> Value | None:
        return metrics.value(self.known.program.metrics, key, self._bag("member", member, self._window(window)))

    def objects(self, member: str, key: str, window: str = "all") -> dict[Any, Value]:
        parts = self._bag("member", member, self._window(window))(key)
        return metrics.objects(self.known.program.metrics[key], parts)

    def organization(self, organization: str, key: str, window: str = "all") -> Value | None:
        bag = self._bag("organization", organization, self._window(window))
        return metrics.value(self.known.program.metrics, key, bag)

    def last_change(self, member: str, key: str, window: str = "all") -> Canonical | None:
        return metrics.last_change(self.known.program.metrics, key, self._bag("member", member, self._window(window)))

    def _window(self, name: str) -> Window:
        kinds = {"a": "all"} | {"w": "week", "W": "week", "Q": "quarter"}
        if "/" in name:
            first, until = name.split("/")
            return self.known.calendar.window(_Dates(f"{first}/{until}"), 0)
        marks = [kinds[mark] for mark in "aQWw" if mark in name]
        kind = marks[0] if marks else {4: "year", 7: "month", 10: "day"}[len(name)]
        return self.known.calendar.named(kind, name)

    def _bag(self, whose: str, who: str, window: Window, until: Canonical = (EVER, "", "")) -> metrics.Bag:
        brought = self._of_member if whose == "member" else self._of_organization
        return lambda key: [part for part in brought(who, key) if window.holds(part.place[0]) and part.place <= until]

    def _of_member(self, member: str, key: str) -> list[Part]:
        return self.folds[member].parts(key) if member in self.folds else []

    def _of_organization(self, organization: str, key: str) -> list[Part]:
        """Its members' events while they belonged to it, and events about it, taken together."""
        metric, known = self.known.program.metrics[key], self.known
        found = [
            part
            for member in known.members
            for part in self._of_member(member, key)
            if known.own_row(member, part.place[0]).get("organization") == organization
        ]
        if not metric.built_in:
            found += metrics.parts_of_events(metric, known.entries_about(organization), self._day_about)
        return found

    def _day_about(self, entry: Entry, clock: str) -> date:
        """An organization has no clock of its own: the program's."""
        if clock == "event":
            return date_written(entry.time, entry.offset)
        return date_in(self.known.program.settings.time_zone, entry.time)

    # Answers: goals.

    def goal(self, who: str, key: str, window: str) -> Shown | None:
        """A goal as it is shown; None: there is no such goal for them."""
        goal = self.known.program.goals[key]
        frozen = self._final.get(("goal", key, window))
        if frozen is not None:
            return frozen.shown.get(who)
        return self._shown(goal, who, self.known.calendar.named(goal.window, window), self.now, final=False)

    def _shown(self, goal: Any, who: str, window: Window, at: int, *, final: bool) -> Shown | None:
        """Looks at the profile now; once the window has ended, at the profile at its end."""
        profile = self.known.profile_of(goal.whose, who, _looked_at(window, at))
        wanted = goals.target(self.known, goal, who, profile, window, lambda: self._before(goal, who, window))
        if wanted is None:
            return None
        bag = self._bag(goal.whose, who, window)
        counted = metrics.number(self.known.program.metrics, goal.metric, bag)
        reached = self._first_reached(goal, who, window, wanted)
        status = self._status(goal, reached, counted, wanted, ended=at >= window.end)
        if final and self._is_not_decided(goal, who):
            status = "missed"
        pace = goals.pace(goal, counted, wanted, window, at)
        return Shown(wanted, counted, status, pace, final, reached)

    def _is_not_decided(self, goal: Any, who: str) -> bool:
        return goal.direction == "at_most" and goal.whose == "member" and not self.known.is_active(who)

    def _before(self, goal: Any, who: str, window: Window) -> Value | None:
        previous = self.known.calendar.previous(goal.window, window)
        assert previous is not None
        return metrics.value(self.known.program.metrics, goal.metric, self._bag(goal.whose, who, previous))

    def _first_reached(self, goal: Any, who: str, window: Window, wanted: Fraction) -> Canonical | None:
        """The first event in canonical order at which the value is at least the target."""
        if goal.direction == "at_most":
            return None
        for place in self._places(goal.whose, who, window):
            bag = self._bag(goal.whose, who, window, place)
            found = metrics.value(self.known.program.metrics, goal.metric, bag)
            if isinstance(found, Fraction) and found >= wanted:
                return place
        return None

    def _places(self, whose: str, who: str, window: Window) -> list[Canonical]:
        """Of the events of a member, or of an organization's members and about it, in a window."""
        known = self.known
        if whose == "member":
            events = known.entries_of(who)
        else:
            events = known.entries_about(who)
            for member in known.members:
                events += [
                    one
                    for one in known.entries_of(member)
                    if known.own_row(member, one.time).get("organization") == who
                ]
        return sorted(one.place for one in events if window.holds(one.time))

    def _status(
        self, goal: Any, reached: Canonical | None, counted: Fraction | None, wanted: Fraction, *, ended: bool
    ) -> str:
        if goal.direction == "at_least":
            return "reached" if reached else "missed" if ended else "open"
        if not ended:
            return "open"
        return "reached" if counted is not None and counted <= wanted else "missed"

    # Answers: boards.

    def board(self, key: str, window: str, among: str | None = None) -> Board:
        leaderboard = self.known.program.leaderboards[key]
        frozen = self._final.get(("board", key, window))
        if frozen is not None:
            return frozen.boards.get(among, Board((), {}, final=True))
        found = self._boards(leaderboard, self.known.calendar.named(leaderboard.window, window), self.now, final=False)
        return found.get(among, Board((), {}))

    def _boards(self, leaderboard: Any, window: Window, at: int, *, final: bool) -> dict[str | None, Board]:
        who = self.known.members if leaderboard.whose == "member" else self.known.organizations
        candidates = [found for one in who if (found := self._candidate(leaderboard, one, window, at)) is not None]
        return {
            among: Board(drawn.rows, drawn.would_be, final)
            for among in {one.among for one in candidates}
            for drawn in [boards.board(leaderboard, candidates, among)]
        }

    def _candidate(self, leaderboard: Any, who: str, window: Window, at: int) -> Candidate | None:
        """`for` and `among` look at the profile now; once the window has ended, at the profile at its end."""
        profile = self.known.profile_of(leaderboard.whose, who, _looked_at(window, at))
        among = None if leaderboard.among == "all" else profile.get(leaderboard.among)
        if not holds(leaderboard.for_, profile) or (leaderboard.among != "all" and among is None):
            return None
        bag = self._bag(leaderboard.whose, who, window)
        score = metrics.value(self.known.program.metrics, leaderboard.metric, bag)
        changed = metrics.last_change(self.known.program.metrics, leaderboard.metric, bag)
        if not isinstance(score, Fraction) or changed is None:
            return None
        return Candidate(who, score, changed, among, leaderboard.whose == "member" and self._is_out(who, at))

    def _is_out(self, member: str, at: int) -> bool:
        """Deactivated or opted out: now, or at the final instant."""
        return not self.known.is_active(member) or self.known.own_row(member, at).get("listed") is False


@dataclass(frozen=True)
class _Dates:
    name: str


def _looked_at(window: Window, at: int) -> int:
    """When the profile is looked at: now, or, once the window has ended, at its last moment."""
    return min(at, window.end - 1)


def _own_entry(kind: str, name: str, member: str, data: dict[str, Any], at: int) -> Entry:
    return Entry("hub", name, kind, at, 0, data, member, None, at)
