"""The whole hub against the slow, obvious model of `tests/model`, whatever happens to it in whatever order.

At every moment the ledger balances. Whenever all is digested the hub says what the model says, and a fold from the log
comes to what stands.

    pytest tests/ledger/test_against_the_model.py --hypothesis-profile=long -k sqlite

is the long run, of other stories each time. Whatever they differ in, one of the two misread PROGRAM.md;
`tests/model/README.md` has the readings.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.databases import DIALECTS, Databases
from tests.ledger.machine import Hub

STORIES, ACTS = 8, 30


@pytest.mark.slow
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_hub_says_what_the_model_says(databases: Databases, dialect: str):
    made = {"databases": databases, "dialect": dialect}
    short = settings.default.max_examples < settings.get_profile("long").max_examples
    run_state_machine_as_test(
        type("Hub", (Hub,), made),
        settings=settings(
            max_examples=STORIES if short else settings.default.max_examples,
            derandomize=short,
            stateful_step_count=ACTS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
