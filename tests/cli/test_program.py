"""`hub program`: what each command says, on both databases and without one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest
from click.testing import CliRunner

from hub.cli import main
from hub.gamification import program as programs
from tests.club import PROGRAM, Club
from tests.gamification import schemas

Hub = Callable[..., tuple[int, str, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "program.yaml"
    made.write_text(PROGRAM.read_text())
    return made


# check


def test_check_warns_of_rules_whose_event_was_never_sent(hub: Hub, club: Club, file: Path) -> None:
    file.write_text(file.read_text().replace("points:\n", "points:\n  seen: {event: asset.viewed, award: 1}\n"))
    assert hub("program", "check", str(file))[2] == ""
    club.happens("bo", "deal.won", amount=1, deal="d-1")
    status, out, err = hub("program", "check", str(file))
    assert (status, out) == (0, f"{file}: no faults\n")
    assert err == "warning: points.seen.event: no asset.viewed was ever sent\n"
    club.happens("bo", "asset.viewed", asset="a-1")
    assert hub("program", "check", str(file))[2] == ""


def test_publish_tells_the_warnings_as_well(hub: Hub, club: Club, file: Path) -> None:
    club.happens("bo", "asset.viewed", asset="a-1")
    status, out, err = hub("program", "publish", str(file))
    assert (status, out) == (0, "version 2 is published\n")
    assert err == "warning: points.won_deal.event: no deal.won was ever sent\n"


@pytest.mark.parametrize(
    "settings",
    [
        {"DATABASE_URL": "sqlite:////nowhere/at/all/hub.sqlite"},
        {"DATABASE_URL": "postgresql://bo@127.0.0.1:1/hub"},
        {"HUB_ENV": "production", "SECRET_KEY": ""},
    ],
)
def test_a_file_can_be_checked_where_there_is_no_hub(file: Path, settings: dict[str, str]) -> None:
    done = CliRunner().invoke(main, ["program", "check", str(file)], env=settings)
    assert (done.exit_code, done.output) == (0, f"{file}: no faults\n")


def test_check_as_json_names_path_code_and_suggestion(file: Path) -> None:
    file.write_text(file.read_text().replace("of: amount}", "of: amout}"))
    done = CliRunner().invoke(main, ["program", "check", str(file), "--json"])
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert {(one["path"], one["suggestion"]) for one in told["faults"]} == {
        ("metrics.revenue.of", "amount"),
        ("points.won_deal.award.of", "amount"),
    }
    assert told["warnings"] == []


# new


def test_the_starter_has_no_fault_and_no_warning_and_is_published(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "program.yaml"
    status, out, _ = hub("program", "new", str(file))
    assert (status, out) == (0, f"{file} is written; hub program check {file} names what is wrong with it\n")
    assert hub("program", "check", str(file)) == (0, f"{file}: no faults\n", "")
    assert hub("program", "publish", str(file)) == (0, "version 1 is published\n", "")
    assert hub("program", "show") == (0, file.read_text(), "")


def test_new_writes_to_standard_output_and_over_nothing(tmp_path: Path) -> None:
    printed = CliRunner().invoke(main, ["program", "new"])
    assert printed.exit_code == 0
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    done = CliRunner().invoke(main, ["program", "new", str(file)])
    assert (done.exit_code, done.stderr) == (1, f"Error: {file} is there already\n")
    assert file.read_text() == "mine"
    done = CliRunner().invoke(main, ["program", "new", str(tmp_path / "nowhere" / "p.yaml")])
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    CliRunner().invoke(main, ["program", "new", str(tmp_path / "other.yaml")])
    assert (tmp_path / "other.yaml").read_text() == printed.stdout


def test_the_starter_has_each_section_that_is_served_and_says_what_it_is() -> None:
    text = CliRunner().invoke(main, ["program", "new"]).stdout
    sections = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    assert set(programs.SECTIONS) - sections <= {"roles", "actions", "surveys", "recognition"}
    assert len(re.findall(r"^# ", text, re.MULTILINE)) > len(sections)


# schema


def test_the_schema_knows_the_widgets_there_are(file: Path) -> None:
    printed = CliRunner().invoke(main, ["program", "schema"])
    assert printed.exit_code == 0
    validator = jsonschema_rs.validator_for(json.loads(printed.stdout))
    for text in (file.read_text(), CliRunner().invoke(main, ["program", "new"]).stdout):
        assert schemas.faults_of(validator, text) == []
    assert schemas.faults_of(validator, file.read_text().replace("award: 1", "awards: 1")) != []
    assert (
        schemas.faults_of(validator, file.read_text().replace("{widget: badges}", "{widget: kpi, metric: revenue}"))
        != []
    )


# explain


def test_an_entry_of_the_newest_version_is_one_sentence(hub: Hub, club: Club) -> None:
    assert club
    said = "Each deal won gives 1 point for every €100, once for each deal.\n"
    assert hub("program", "explain", "won_deal") == (0, said, "")
    assert hub("program", "explain", "points.won_deal") == (0, said, "")


def test_an_entry_that_several_sections_have_is_told_of_each(hub: Hub, club: Club) -> None:
    assert club
    status, out, _ = hub("program", "explain", "sales_rep")
    assert status == 0
    assert [line.split(":")[0] for line in out.splitlines()] == ["roles", "homepages"]
    told = json.loads(hub("program", "explain", "sales_rep", "--json")[1])["items"]
    assert [(one["section"], one["key"]) for one in told] == [("roles", "sales_rep"), ("homepages", "sales_rep")]


def test_what_is_no_entry_is_one_line_with_a_suggestion(hub: Hub, club: Club) -> None:
    assert club
    assert hub("program", "explain", "won_deel")[::2] == (
        1,
        'Error: the program has no "won_deel"; did you mean "won_deal"?\n',
    )
    assert hub("program", "explain", "zzzz")[::2] == (1, 'Error: the program has no "zzzz"\n')


def test_without_a_published_program_a_file_can_be_explained(hub: Hub, file: Path) -> None:
    status, out, err = hub("program", "explain", "pro")
    assert (status, out) == (1, "")
    assert err == "Error: no program is published; --file FILE explains one that is not\n"
    assert hub("program", "explain", "pro", "--file", str(file))[:2] == (
        0,
        "The level Pro is reached with 1,000 points earned.\n",
    )


def test_a_file_with_faults_is_not_explained(file: Path) -> None:
    file.write_text("program: {}\n")
    done = CliRunner().invoke(main, ["program", "explain", "pro", "--file", str(file)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"program.time_zone: is missing\nError: {file} has 1 fault\n"
