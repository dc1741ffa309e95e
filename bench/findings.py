"""Findings: what was measured, each beside its target."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import ParamSpec

P = ParamSpec("P")

TABLE_WIDTHS = (44, 12, 16)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. `quick` is for a look while working: its numbers mean less, its findings say so."""

    quick: bool = False

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 5

    def of(self, whole: int, quick: int) -> int:
        return quick if self.quick else whole


@dataclass(frozen=True, slots=True)
class Finding:
    """One number. Without a `target` it is told only; `most`: the target is an upper bound, else a lower one."""

    name: str
    database: str
    measured: float
    unit: str
    target: float | None = None
    most: bool = False
    told: str = ""
    quick: bool = False

    @property
    def met(self) -> bool | None:
        """None where nothing is said: a quick look, with less of everything, can miss a target but not show it met."""
        if self.target is None:
            return None
        met = self.measured <= self.target if self.most else self.measured >= self.target
        return None if met and self.quick else met

    def line(self) -> str:
        where = f"{self.name}, {self.database}" if self.database else self.name
        measured = f"{_number(self.measured)} {self.unit}"
        bound = "" if self.target is None else f"{'<=' if self.most else '>='} {_number(self.target)} {self.unit}"
        verdict = {True: "met", False: "NOT MET", None: ""}[self.met]
        cells = (cell.ljust(width) for cell, width in zip((where, measured, bound), TABLE_WIDTHS, strict=True))
        return f"{' '.join(cells)} {verdict.ljust(7)} {self.told}".rstrip()

    def json(self) -> dict[str, object]:
        return asdict(self) | {"met": self.met}


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def table(findings: Iterable[Finding]) -> str:
    return "\n".join(finding.line() for finding in findings)


def timed(act: Callable[P, object], *given: P.args, **named: P.kwargs) -> float:
    """The seconds that it takes."""
    began = perf_counter()
    act(*given, **named)
    return perf_counter() - began
