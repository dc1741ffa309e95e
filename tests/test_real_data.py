"""Real data sets through a hub of their own, by the commands of their READMEs, against truths the hub did not make."""

from pathlib import Path

import pytest

from tests.databases import Databases
from tests.real_data.trial import Trial, commands, end_of_data

DATA = Path(__file__).with_name("data")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "dialect"), [("git_flask", "postgresql"), ("se_french_meta", "sqlite")])
def test_the_hub_agrees_with_real_data(databases: Databases, name: str, dialect: str):
    """Each on one database, for it takes a while; `make real-data` tries them all."""
    told: list[str] = []
    folder = DATA / name
    code = Trial(folder, databases.migrated(dialect), end_of_data(folder), told.append).run()
    assert code == 0, "\n".join(told)
    assert told[-1].strip() == "all checks hold"


def test_the_commands_are_those_of_the_readme():
    found = commands(DATA / "git_flask")
    assert found[0] == ["program", "publish", "program.yaml"]
    assert found[3][:3] == ["import", "events", "events.csv"]
    assert found[-1] == ["digest"]
