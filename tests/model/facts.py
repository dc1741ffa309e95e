"""Which awards stand: what the fold derives, and what it derived once and is kept. "An award is a fact".

After each place of the log all is folded again, and what was derived is noted. Where a fold does not derive what an
earlier one did, it is told that this stands, and folds again; where it derives what it was told, it is told no longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace

from tests.model.fold import Award, Fold, Standing
from tests.model.places import AwardKey, Canonical


@dataclass(frozen=True)
class Fact:
    """A standing award. `kept` is the reason, None while the fold derives it."""

    key: AwardKey
    place: Canonical
    points: int
    kept: str | None = None


Facts = Mapping[AwardKey, Fact]
#: The fold of a member from what stands.
Folding = Callable[[Standing], Fold]


def settled(
    folding: Folding, standing: Standing, facts: Facts, reason: str, revokes: Callable[[AwardKey], bool]
) -> tuple[Fold, Facts, Set[AwardKey]]:
    """The fold and the facts after one more place of the log, and what a reversal ended.

    `reason` is why that place may take something away; `revokes` says of an award whether it would end it.
    """
    stand = dict(facts)
    kept = {key for key, fact in facts.items() if fact.kept}
    tried: set[AwardKey] = set()
    while True:
        fold = folding(_standing(standing, stand, kept, tried))
        due, lost = fold.due, stand.keys() - fold.awards.keys()
        keeping = {key for key in lost if not revokes(key)}
        if due:
            # What is due only because it stands is kept again, and not tried twice.
            kept, tried = kept - due, tried | due
        elif keeping:
            kept |= keeping
        elif lost:
            stand = {key: fact for key, fact in stand.items() if key not in lost}
        else:
            return fold, _noted(fold, facts, kept, reason), facts.keys() - stand.keys()


def _standing(standing: Standing, facts: Facts, kept: set[AwardKey], tried: set[AwardKey]) -> Standing:
    return replace(
        standing,
        kept={key: Award(facts[key].place, facts[key].points) for key in kept},
        tried=tried,
        posted={key: fact.points for key, fact in facts.items()},
    )


def _noted(fold: Fold, facts: Facts, kept: set[AwardKey], reason: str) -> Facts:
    found = {}
    for key, award in fold.awards.items():
        why = (facts[key].kept or reason) if key in kept else None
        found[key] = Fact(key, award.place, award.points, why)
    return found
