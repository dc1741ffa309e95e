"""`hub program`: what each command says, on both databases and without one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from hub.cli import main
from hub.gamification import program as programs
from hub.ledger import reading
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
    assert schemas.faults_of(validator, file.read_text().replace("{widget: badges}", "{widget: survey}")) != []


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


# publish, versions


def raised(file: Path, by: int = 5) -> Path:
    """The program, with deals that pay so many times as much."""
    file.write_text(PROGRAM.read_text().replace("award: {points: 1, for_every", f"award: {{points: {by}, for_every"))
    return file


def balance(club: Club, who: str) -> int:
    with club.looks(who) as view:
        return reading.points(view.connection, view.version, club.numbers[who], view.now).balance


def versions(hub: Hub) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(hub("program", "versions", "--json")[1])["items"]
    return found


def test_a_version_from_a_date_in_the_past_wants_a_yes_in_a_script(hub: Hub, club: Club, file: Path) -> None:
    club.happens("bo", "deal.won", "2026-11-19T09:00:00Z", amount=10_000, deal="d-1")
    club.happens("bo", "deal.won", "2026-11-20T09:00:00Z", amount=20_000, deal="d-2")
    club.happens("cy", "deal.won", "2026-11-21T09:00:00Z", amount=5_000, deal="d-3")
    asked = ("program", "publish", str(raised(file)), "--from", "2026-11-20")
    status, out, err = hub(*asked)
    assert (status, out) == (1, "")
    assert err == (
        "Error: --from lies in the past and prices anew what was earned since then: without a terminal say --yes\n"
    )
    assert len(versions(hub)) == 1
    assert hub(*asked, "--yes") == (
        0,
        "in force from 2026-11-20T00:00:00+01:00, it posts at once: "
        "+1,000 points, 2 members, 1 level\n"
        "version 2 is published\n",
        "",
    )
    club.digests()
    assert (balance(club, "bo"), balance(club, "cy")) == (1100, 250)
    assert versions(hub)[0]["in_force_from"] == "2026-11-19T23:00:00+00:00", "midnight in Berlin"


def test_on_a_terminal_it_asks(hub: Hub, club: Club, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    club.happens("bo", "deal.won", amount=10_000, deal="d-1")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    asked = ["program", "publish", str(raised(file)), "--from", "2026-11-20"]
    for answer, status, count in (("n", 1, 1), ("y", 0, 2)):
        done = CliRunner().invoke(main, asked, input=f"{answer}\n")
        assert (done.exit_code, len(versions(hub))) == (status, count)
        assert "it posts at once: +400 points, 1 member\n" in done.output
        assert "Publish it? [y/N]" in done.output


def test_from_now_or_later_on_nothing_is_asked(hub: Hub, club: Club, file: Path) -> None:
    club.happens("bo", "deal.won", amount=10_000, deal="d-1")
    assert hub("program", "publish", str(raised(file)), "--from", "2027-01-01T00:00:00+01:00")[0] == 0
    assert [one["in_force_until"] for one in versions(hub)] == [None, "2026-12-31T23:00:00+00:00"]
    status, _, err = hub("program", "publish", str(raised(file, 2)))
    assert (status, err) == (0, "warning: version 2, planned from 2027-01-01T00:00:00+01:00 on, will not be in force\n")
    told = hub("program", "versions")[1].splitlines()
    assert [line.split("\t")[2] for line in told] == [
        "in force from 2026-11-23T10:00:00+00:00",
        "never in force",
        "in force from the beginning until 2026-11-23T10:00:00+00:00",
    ]


def test_versions_tell_how_many_are_folded_with_each(hub: Hub, club: Club, file: Path) -> None:
    for who in ("bo", "cy"):
        club.happens(who, "deal.won", amount=10_000, deal=f"d-{who}")
    assert hub("program", "publish", str(raised(file)))[0] == 0
    assert [(one["folded"], one["of"]) for one in versions(hub)] == [(0, 2), (2, 2)]
    assert [line.split("\t")[3] for line in hub("program", "versions")[1].splitlines()] == [
        "0 % folded with it",
        "100 % folded with it",
    ]
    assert hub("digest") == (0, "", "")
    assert [one["folded"] for one in versions(hub)] == [2, 0]


def test_the_first_version_is_from_the_beginning_and_no_other_time(hub: Hub, file: Path) -> None:
    status, _, err = hub("program", "publish", str(file), "--from", "2026-11-01", "--yes")
    assert (status, err) == (1, "Error: version 1 is in force from the beginning of time: --from is for later ones\n")


@pytest.mark.usefixtures("club")
@pytest.mark.parametrize("command", [("publish", "--from"), ("backtest", "--since")])
def test_what_is_no_date_is_wrong_usage(hub: Hub, file: Path, command: tuple[str, str]) -> None:
    for wrong in ("soon", "2026-11-31", "2026-11-20T10:00:00"):
        status, _, err = hub("program", command[0], str(file), command[1], wrong)
        assert status == 2
        assert f"{wrong!r} is no date" in err


# backtest


def test_a_backtest_answers_both_questions(hub: Hub, club: Club, file: Path) -> None:
    club.happens("bo", "deal.won", "2026-11-01T09:00:00Z", amount=10_000, deal="d-1")
    club.happens("bo", "deal.won", "2026-11-20T09:00:00Z", amount=20_000, deal="d-2")
    club.happens("cy", "deal.won", "2026-11-21T09:00:00Z", amount=5_000, deal="d-3")
    draft = raised(file, 2).read_text().replace("points:\n", "points:\n  view: {event: asset.viewed, award: 1}\n")
    draft = draft.replace("badges:\n", "badges:\n  second: {when: {metric: deals_won, at_least: 2}, points: 7}\n")
    file.write_text(draft.replace("live_from: 2026-01-01", "live_from: 2026-01-01\n  points: {value: 0.01 EUR}"))
    status, out, err = hub("program", "backtest", str(file), "--since", "2026-11-15", "--json")
    assert (status, err) == (0, "")
    told = json.loads(out)
    assert (told["version"], told["members"], told["failed"]) == (2, 2, [])
    assert told["since"] == "2026-11-14T23:00:00+00:00"
    at_once, what_if = told["on_publishing"], told["what_if"]
    assert (at_once["points"], at_once["cost"]) == (7, {"amount": 0.07, "currency": "EUR"})
    assert at_once["amounts"] == [
        {"kind": "badge", "key": "second", "posted": 0, "drafted": 7, "points": 7, "members": 1}
    ]
    assert at_once["badges"] == [{"badge": "second", "tier": None, "awards": 1, "members": 1, "kept": 0}]
    assert (what_if["points"], what_if["posted"], what_if["drafted"]) == (257, 250, 507)
    assert what_if["amounts"][0] == {
        "kind": "rule", "key": "won_deal", "posted": 250, "drafted": 500, "points": 250, "members": 2,
    }  # fmt: skip
    assert [one for one in what_if["segments"] if one["segment"] == "tier"] == [
        {"segment": "tier", "value": "gold", "members": 1, "points": 207},
        {"segment": "tier", "value": "silver", "members": 1, "points": 50},
    ]
    assert what_if["gains"] == [{"member": "bo", "points": 207}, {"member": "cy", "points": 50}]
    assert what_if["losses"] == []
    assert [one["rule"] for one in told["never_fired"]] == ["view", "day_in_hub"]
    assert told["never_fired"][0] == {"rule": "view", "events": 0, "code": None, "times": 0, "message": None}
    assert len(versions(hub)) == 1, "nothing is published"


def test_a_rule_that_never_fired_says_what_failed_most(hub: Hub, club: Club, file: Path) -> None:
    for number, amount in enumerate((500, 900, 20_000), 1):
        club.happens("bo", "deal.won", amount=amount, deal=f"d-{number}")
    rule = "  huge: {event: deal.won, where: {amount: {at_least: 1000}}, for: {tier: bronze}, award: 9}\n"
    other = "  big: {event: deal.won, where: {amount: {at_least: 50000}}, award: 9}\n"
    file.write_text(PROGRAM.read_text().replace("points:\n", f"points:\n{rule}{other}"))
    told = {one["rule"]: one for one in json.loads(hub("program", "backtest", str(file), "--json")[1])["never_fired"]}
    assert (told["huge"]["events"], told["huge"]["code"], told["huge"]["times"]) == (3, "not_for_member", 3)
    assert told["huge"]["message"] == "This is for people whose tier is bronze; the tier was gold then."
    assert (told["big"]["code"], told["big"]["times"]) == ("condition", 3)
    out = hub("program", "backtest", str(file))[1]
    assert "  big: 3 events, 3 times first of all condition, such as: This counts only if the amount" in out


def test_what_changes_for_each_member_goes_into_a_file(hub: Hub, club: Club, file: Path, tmp_path: Path) -> None:
    for who in ("bo", "cy"):
        club.happens(who, "deal.won", "2026-11-20T09:00:00Z", amount=10_000, deal=f"d-{who}")
    club.happens("bo", "deal.won", "2026-11-21T09:00:00Z", amount=10_000, deal="d-3")
    text = PROGRAM.read_text().replace("pro: {title: Pro, at: 1000}", "pro: {title: Pro, at: 150}")
    file.write_text(text.replace("badges:\n", "badges:\n  two: {when: {metric: deals_won, at_least: 2}}\n"))
    assert hub("program", "backtest", str(file), "--members", str(tmp_path / "members.ndjson"))[0] == 0
    [bo] = [json.loads(line) for line in (tmp_path / "members.ndjson").read_text().splitlines()]
    assert bo["member"] == "bo"
    assert bo["on_publishing"] == {
        "points": 0,
        "badges": [
            {"badge": "two", "tier": None, "object": None, "window": None, "earned_at": "2026-11-21T09:00:00+00:00"}
        ],
        "levels": ["pro"],
        "goals": [],
    }


def test_a_file_with_faults_is_not_tested(hub: Hub, club: Club, file: Path) -> None:
    assert club
    file.write_text(file.read_text().replace("of: amount}, once_per: deal", "of: amout}, once_per: deal"))
    status, out, err = hub("program", "backtest", str(file))
    assert (status, out) == (1, "")
    assert 'deal.won has no attribute "amout"' in err
    assert err.splitlines()[-1] == f"Error: {file} cannot be tested: 1 fault"


def test_without_a_program_there_is_nothing_to_compare_with(hub: Hub, file: Path) -> None:
    status, _, err = hub("program", "backtest", str(file))
    assert status == 1
    assert "no program is published yet" in err
