"""Made-up standings for the style page: each widget full, nearly empty and empty. Nobody's data."""

from __future__ import annotations

from hub.home.samples import standing, working
from hub.home.samples.sample import Sample


def samples(now: int) -> tuple[Sample, ...]:
    return (*standing.samples(now), *working.samples(now))
