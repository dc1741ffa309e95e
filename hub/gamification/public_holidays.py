"""Public holidays: what the package `holidays` knows of a country, or a part of one, as dates.

Asked when a program is checked or published; what is published keeps the dates, so that a later version of the package
changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import NamedTuple

#: The years of which dates are kept: no event lies before, and a program is published again long after.
FIRST_YEAR, LAST_YEAR = 2000, 2099


class Known(NamedTuple):
    """The holidays of a code, as ordinals, and the last year of which the package knows them."""

    days: frozenset[int]
    until: int


@cache
def of(code: str) -> Known | None:
    """The public holidays of a country (`DE`), or of a part of it (`DE-BY`); None where there is no such code."""
    # Slow to import, and only few processes ever read a program with such a code.
    import holidays

    country, _, part = code.partition("-")
    if code not in codes(country):
        return None
    whole = holidays.country_holidays(country, subdiv=part or None)
    until = min(LAST_YEAR, whole.end_year)
    years = range(max(FIRST_YEAR, whole.start_year), until + 1)
    found = holidays.country_holidays(country, subdiv=part or None, years=years, categories=holidays.PUBLIC)
    return Known(frozenset(day.toordinal() for day in found), until)


def codes(country: str) -> Collection[str]:
    """The codes of a country; of one that is none those of all countries."""
    known = _countries()
    return [country, *(f"{country}-{part}" for part in known[country])] if country in known else list(known)


@cache
def _countries() -> dict[str, list[str]]:
    import holidays

    return holidays.list_supported_countries(include_aliases=False)
