"""The engine against the slow, obvious model of `tests/model`: programs and logs drawn at random, told to both.

    pytest tests/gamification/test_against_the_model.py --hypothesis-profile=long

is the long run. Whatever they differ in, one of the two misread PROGRAM.md; `tests/model/README.md` has the readings.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.gamification.telling import differences, smaller, written_out
from tests.model.drawing import Story, story

#: What is drawn from one number is made smaller here, by leaving out, not there, by other numbers.
drawn = settings(
    max_examples=settings.default.max_examples // 2,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
seeds = st.integers(0, 2**48)


@drawn
@given(seeds)
def test_the_hub_says_what_the_model_says(seed: int) -> None:
    hold(story(Random(seed)))


@settings(drawn, max_examples=drawn.max_examples // 5)
@given(seeds)
def test_of_a_long_story_too(seed: int) -> None:
    hold(story(Random(seed), 60))


def hold(told: Story) -> None:
    found = differences(told)
    if found:
        name = found[0][0]
        least = smaller(told, lambda less: any(each[0] == name for each in differences(less)))
        lines = [f"{what}\n  hub   {hubs}\n  model {models}" for what, hubs, models in differences(least)]
        pytest.fail("\n".join([written_out(least), *lines]))
