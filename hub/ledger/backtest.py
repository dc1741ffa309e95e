"""Backtest: what publishing a draft would post, before it is published. Writes nothing.

Two questions, never mixed. On publishing: what a publication posts at once, its rules being in force from now on. What
if: what it would post, had its rules been in force since an instant in the past, which is what `publish --from` does.
Each is answered by the very fold that the worker would do, held against what stands. Members are taken a few at a
time, and only sums are kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import nlargest
from typing import Any, Literal

from hub.gamification.outcome import Outcome, Points, Skip
from hub.gamification.plan import Version
from hub.gamification.points import Rule
from hub.gamification.progress import Kept
from hub.ledger.changes import Change, Draft, Failed, MemberChange, count, everybody
from hub.ledger.standings import cause_of

#: Who gains and who loses most, and members that the draft fails for: so many are named.
NAMED = 10
SEGMENTS = ("role", "region", "tier")

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Money:
    amount: Fraction
    currency: str


@dataclass(frozen=True, slots=True)
class Amount:
    """Points of one rule, badge, goal or action: `posted` so far, `drafted` by the draft; `members` differ."""

    kind: str
    key: str
    posted: int
    drafted: int
    members: int

    @property
    def points(self) -> int:
        return self.drafted - self.posted


@dataclass(frozen=True, slots=True)
class Given:
    """Awards of a badge (or a tier of it), or of a level, that nobody had; `kept`: those that stand and that the draft
    no longer derives.
    """

    kind: str  # badge, level
    key: str
    tier: str | None
    awards: int
    members: int
    kept: int


@dataclass(frozen=True, slots=True)
class Aim:
    """A goal reached in so many windows more, and no longer in so many."""

    goal: str
    reached: int
    missed: int


@dataclass(frozen=True, slots=True)
class Segment:
    """`value` None: members who have none. A member with several roles is in each."""

    name: str
    value: str | None
    members: int
    points: int


@dataclass(frozen=True, slots=True)
class MemberPoints:
    member: str
    points: int


@dataclass(frozen=True, slots=True)
class Posting:
    """What one publication would post: the difference to what stands. `posted` and `drafted` are what the two come to
    in the time that is looked at, `raised` and `lowered` what members gain and lose, who are so many `members`, those
    with nothing but awards among them.
    """

    posted: int
    drafted: int
    raised: int
    lowered: int
    cost: Money | None
    members: int
    amounts: tuple[Amount, ...]
    given: tuple[Given, ...]
    goals: tuple[Aim, ...]
    segments: tuple[Segment, ...]
    gains: tuple[MemberPoints, ...]
    losses: tuple[MemberPoints, ...]

    @property
    def points(self) -> int:
        return self.drafted - self.posted


@dataclass(frozen=True, slots=True)
class Silent:
    """A rule that gave nothing in the time that is looked at: for `events` of its type `code` was what failed first
    oftenest, `times`; `example` is one of those. Without any event there is nothing that failed.
    """

    rule: Rule
    events: int
    code: str | None = None
    times: int = 0
    example: Skip | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """`members`: so many were looked at; `failed`: some for whom the draft cannot be worked out, to be set aside."""

    draft: Version
    now: int
    since: int
    members: int
    on_publishing: Posting
    what_if: Posting
    silent: tuple[Silent, ...]
    failed: tuple[str, ...]


def run(
    draft: Draft, told: Told = lambda _done, _of: None, each: Callable[[MemberChange], None] = lambda _: None
) -> Report:
    """Work out the draft for everybody; `told` hears how many are done, `each` what changes for each of them. Raises
    Overtaken.
    """
    at_once, what_if, silence = _Sum(), _Sum(), _Silence(draft)
    failed: list[str] = []
    done, of = 0, count(draft)
    for one in everybody(draft):
        done += 1
        told(done, max(of, done))
        if isinstance(one, Failed):
            failed.append(one.member)
            continue
        at_once.add(one.member, one.profile, one.on_publishing)
        what_if.add(one.member, one.profile, one.what_if)
        silence.add(one.outcome)
        each(one)
    version = draft.version
    answers = (at_once.posting(version), what_if.posting(version), silence.silent())
    return Report(version, draft.now, draft.since, done, *answers, tuple(failed[:NAMED]))


# ----------------------------------------------------------------------------------------------------------------- sums


Counted = Literal["awards", "members", "kept"]


@dataclass(slots=True)
class _Sum:
    """Members' changes, added up."""

    members: int = 0
    raised: int = 0
    lowered: int = 0
    amounts: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # posted, drafted, members
    given: dict[tuple[str, str, str], Counter[Counted]] = field(default_factory=dict)
    goals: dict[str, Counter[bool]] = field(default_factory=dict)
    segments: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # members, points
    gains: list[MemberPoints] = field(default_factory=list)
    losses: list[MemberPoints] = field(default_factory=list)

    def add(self, member: str, profile: Mapping[str, Any], change: Change) -> None:
        self._add_amounts(change)
        if change.nothing:
            return
        self.members += 1
        self.raised += max(change.points, 0)
        self.lowered += min(change.points, 0)
        self._add_awards(change)
        for goal, _ in change.reached:
            self.goals.setdefault(goal, Counter())[True] += 1
        for goal, _ in change.missed:
            self.goals.setdefault(goal, Counter())[False] += 1
        for name in SEGMENTS:
            for value in _values(profile.get(name)):
                segment = self.segments.setdefault((name, value), [0, 0])
                segment[0] += 1
                segment[1] += change.points
        self._rank(MemberPoints(member, change.points))

    def _add_amounts(self, change: Change) -> None:
        differ = set()
        for cause, both in change.amounts.items():
            key = cause_of(cause)
            amount = self.amounts.setdefault(key, [0, 0, 0])
            amount[0] += both.posted
            amount[1] += both.drafted
            if both.posted != both.drafted:
                differ.add(key)
        for key in differ:
            self.amounts[key][2] += 1

    def _add_awards(self, change: Change) -> None:
        kinds: tuple[tuple[Counted, Sequence[Kept]], ...] = (("awards", change.given), ("kept", change.kept))
        for kind, facts in kinds:
            for fact in facts:
                self.given.setdefault((fact.kind, fact.badge, fact.tier or ""), Counter())[kind] += 1
        for badge in {(fact.kind, fact.badge, fact.tier or "") for fact in change.given}:
            self.given[badge]["members"] += 1

    def _rank(self, one: MemberPoints) -> None:
        """Of many only those that may be named are kept."""
        if one.points:
            ranked = self.gains if one.points > 0 else self.losses
            ranked.append(one)
            if len(ranked) > NAMED * NAMED:
                ranked[:] = _greatest(ranked)

    def posting(self, version: Version) -> Posting:
        amounts = [Amount(kind, key, *sums) for (kind, key), sums in self.amounts.items()]
        posted, drafted = sum(one.posted for one in amounts), sum(one.drafted for one in amounts)
        order = _order(version)
        return Posting(
            posted,
            drafted,
            self.raised,
            self.lowered,
            _money(version, drafted - posted),
            self.members,
            tuple(sorted(amounts, key=lambda one: order(one.kind, one.key))),
            tuple(
                Given(kind, key, tier or None, count["awards"], count["members"], count["kept"])
                for (kind, key, tier), count in sorted(self.given.items(), key=lambda one: order(*one[0]))
            ),
            tuple(
                Aim(goal, count[True], count[False])
                for goal, count in sorted(self.goals.items(), key=lambda one: order("goal", one[0]))
            ),
            tuple(
                Segment(name, value or None, count, points)
                for (name, value), (count, points) in sorted(
                    self.segments.items(), key=lambda one: (SEGMENTS.index(one[0][0]), one[0][1])
                )
            ),
            tuple(_greatest(self.gains)),
            tuple(_greatest(self.losses)),
        )


def _values(value: Any) -> Sequence[str]:
    """What a profile has: one, several (roles), none, which is told as an empty text."""
    if value is None:
        return ("",)
    return (value,) if isinstance(value, str) else value


def _greatest(ranked: Sequence[MemberPoints]) -> list[MemberPoints]:
    """The greatest changes first, of equal ones by member."""
    by_name = sorted(ranked, key=lambda one: one.member)
    return nlargest(NAMED, by_name, key=lambda one: abs(one.points))


def _order(version: Version) -> Callable[..., tuple[Any, ...]]:
    """As the program lists them; what it no longer has comes last."""
    program = version.program
    sections: Mapping[str, Sequence[str]] = {
        "rule": list(program.rules),
        "badge": list(program.badges),
        "goal": list(program.goals),
        "action": list(program.actions),
        "level": [level.key for level in program.levels],
    }
    kinds = list(sections)
    places = {(kind, key): at for kind, keys in sections.items() for at, key in enumerate(keys)}
    tiers = {
        (badge.key, tier.name): at for badge in program.badges.values() for at, tier in enumerate(badge.tiers or ())
    }

    def order(kind: str, key: str, tier: str = "") -> tuple[Any, ...]:
        section = kinds.index(kind) if kind in sections else len(kinds)
        last = len(sections.get(kind, ()))
        return (section, places.get((kind, key), last), key, tiers.get((key, tier), len(tiers)), tier)

    return order


def _money(version: Version, points: int) -> Money | None:
    settings = version.program.settings
    if settings.point_value is None or settings.currency is None:
        return None
    return Money(settings.point_value * points, settings.currency)


class _Silence:
    """Which of the draft's rules gave something since it would be in force; of the others, what failed first."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._fired: set[str] = set()
        self._failed: dict[str, Counter[tuple[str, ...]]] = {}
        self._examples: dict[tuple[str, ...], Skip] = {}

    def add(self, outcome: Outcome) -> None:
        number = self._draft.version.number
        for effect in outcome.effects:
            if isinstance(effect, Points) and effect.cause == "rule" and effect.version == number:
                self._fired.add(effect.name)
        for skip in outcome.skips:
            if skip.version == number and skip.rule not in self._fired:
                failure = _failure(skip)
                self._failed.setdefault(skip.rule, Counter())[failure] += 1
                self._examples.setdefault(failure, skip)

    def silent(self) -> tuple[Silent, ...]:
        rules = self._draft.version.program.rules
        return tuple(self._of(rule) for key, rule in rules.items() if key not in self._fired)

    def _of(self, rule: Rule) -> Silent:
        failed = self._failed.get(rule.key)
        if not failed:
            return Silent(rule, 0)
        codes = Counter[str]()
        for (_, code, *_rest), times in failed.items():
            codes[code] += times
        code, times = codes.most_common(1)[0]
        oftenest = next(failure for failure, _ in failed.most_common() if failure[1] == code)
        return Silent(rule, failed.total(), code, times, self._examples[oftenest])


def _failure(skip: Skip) -> tuple[str, ...]:
    """What failed, the same for all that failed for that: of a condition the test that decided."""
    detail = skip.detail
    return (
        skip.rule,
        skip.code,
        *(str(detail[name]) for name in ("name", "operator", "wanted", "cap") if name in detail),
    )
