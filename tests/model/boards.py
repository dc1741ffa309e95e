"""Leaderboards: who stands on them, in which order. Section "Leaderboards"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.model.places import Canonical


@dataclass(frozen=True)
class Candidate:
    """Somebody with a value, of whom a board may be; `among` is the board's value of theirs."""

    id: str
    score: Fraction
    changed: Canonical
    among: str | None
    out: bool  # deactivated, or opted out


@dataclass(frozen=True)
class Row:
    rank: int
    id: str
    score: Fraction


@dataclass(frozen=True)
class Board:
    """`would_be`: the rank that those who are left out would have."""

    rows: tuple[Row, ...]
    would_be: dict[str, int]
    final: bool = False


def board(leaderboard: Any, candidates: Sequence[Candidate], among: str | None) -> Board:
    fitting = [one for one in candidates if one.among == among and _enough(leaderboard, one)]
    ranked = [one for one in fitting if not one.out]
    sign = 1 if leaderboard.direction == "lowest" else -1
    ordered = sorted(ranked, key=lambda one: (sign * one.score, one.changed, one.id))
    rows = tuple(Row(_rank(leaderboard, ranked, one), one.id, one.score) for one in ordered)
    return Board(rows, {one.id: _rank(leaderboard, ranked, one) for one in fitting if one.out})


def _enough(leaderboard: Any, one: Candidate) -> bool:
    return leaderboard.minimum is None or one.score >= Fraction(leaderboard.minimum)


def _rank(leaderboard: Any, ranked: Sequence[Candidate], one: Candidate) -> int:
    """1-2-2-4, or dense 1-2-2-3."""
    better = [
        other.score
        for other in ranked
        if (other.score < one.score if leaderboard.direction == "lowest" else other.score > one.score)
    ]
    return 1 + len(set(better) if leaderboard.ties == "dense" else better)
