"""Faults: what is wrong with what somebody sent or wrote, as values: a path, a stable code, a sentence, a suggestion.

Reading never stops at the first fault; it collects them all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches

#: Names compared for suggestions in one reading, and the longest of them: bounds what hostile input can cost.
_MAX_COMPARISONS = 20_000
_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` as in the file (`points.won_deal.award.of`), empty for the whole file; `limit` is what was exceeded."""

    path: str
    code: str
    message: str
    suggestion: str | None = None
    limit: int | None = None

    def __str__(self) -> str:
        hint = f'; did you mean "{self.suggestion}"?' if self.suggestion else ""
        return (f"{self.path}: " if self.path else "") + self.message + hint


@dataclass(slots=True)
class Faults:
    """What one reading found: `faults` forbid publishing, `warnings` are legal but suspect."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    _comparisons: int = 0

    def add(self, path: str, code: str, message: str, suggestion: str | None = None, limit: int | None = None) -> None:
        self.faults.append(Fault(path, code, message, suggestion, limit))

    def warn(self, path: str, code: str, message: str) -> None:
        self.warnings.append(Fault(path, code, message))

    def unknown(self, path: str, code: str, message: str, word: str, names: Collection[str]) -> None:
        """A name that is none of `names`: suggests the one it most resembles."""
        self.add(path, code, message, self._nearest(word, names))

    def _nearest(self, word: str, names: Collection[str]) -> str | None:
        self._comparisons += len(names)
        if len(word) > _MAX_NAME or self._comparisons > _MAX_COMPARISONS:
            return None
        found = get_close_matches(word, [name for name in names if len(name) <= _MAX_NAME], n=1)
        return found[0] if found else None
