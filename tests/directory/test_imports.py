"""`hub import` of people and organizations: what is right comes in, what is wrong is named with its line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.cli import main
from hub.cli.imports import MAX_LISTED
from tests.app import settings

ORGANIZATIONS = "id,name,type,tier,region,size,tags,valid_from\nacme,Acme,reseller,gold,emea,120,harbor,\n"
PEOPLE = (
    "id,name,email,organization,roles,time_zone,locale,region,tags,aliases,phone,title,listed,valid_from\n"
    "ada,Ada Berg,ada@acme.example,acme,partner_owner,Europe/Berlin,de,,,,,,,\n"
    "bo,Bo Lind,,acme,sales_rep; marketing,Europe/Berlin,de,,a;b,lms:4711;bo@acme.example,+49,Rep,no,"
    "2026-01-01T00:00:00Z\n"
)

Hub = Callable[..., Result]


@pytest.fixture
def hub(database_url: str, tmp_path: Path) -> Hub:
    """The command, on a database of its own: `hub("import", "members", content)` writes the content to a file first."""

    def run(*arguments: str, content: str | bytes | None = None, stdin: str | None = None) -> Result:
        if content is not None:
            (tmp_path / "file.csv").write_bytes(content.encode() if isinstance(content, str) else content)
            arguments = (*arguments, str(tmp_path / "file.csv"))
        return CliRunner().invoke(main, arguments, input=stdin, env=settings(database_url, tmp_path))

    return run


@pytest.fixture
def acme(hub: Hub) -> Hub:
    assert hub("import", "organizations", content=ORGANIZATIONS).exit_code == 0
    return hub


def summary(result: Result) -> dict[str, Any]:
    assert isinstance(result.exception, SystemExit | None), result.exception
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def errors(result: Result) -> list[tuple[int, str, str]]:
    assert result.exit_code == 1
    return [(error["line"], error["path"], error["code"]) for error in summary(result)["errors"]]


def everybody(hub: Hub) -> list[dict[str, Any]]:
    return [json.loads(line) for line in hub("members", "list", "--json").stdout.splitlines()]


def test_a_file_comes_in_once(acme: Hub):
    first = acme("import", "members", "--json", content=PEOPLE)
    assert (first.exit_code, summary(first)) == (
        0,
        {"rows": 2, "accepted": 2, "unchanged": 0, "rejected": 0, "errors": []},
    )
    assert summary(acme("import", "members", "--json", content=PEOPLE))["unchanged"] == 2
    assert everybody(acme)[1] == {
        "id": "bo",
        "name": "Bo Lind",
        "organization": "acme",
        "roles": ["sales_rep", "marketing"],
        "time_zone": "Europe/Berlin",
        "active": True,
    }


def test_people_read_a_summary_and_the_faults(acme: Hub):
    result = acme("import", "members", content=PEOPLE + "cy,Cy,,nowhere,,,,,,,,,,\n")
    assert result.exit_code == 1
    assert result.stdout == "3 rows, 2 accepted, 0 unchanged, 1 rejected\n"
    assert result.stderr == "line 4: organization: there is no organization 'nowhere' [unknown_organization]\n"


def test_standard_input_is_read_too(acme: Hub):
    assert summary(acme("import", "members", "-", "--json", stdin=PEOPLE))["accepted"] == 2


def test_a_dry_run_says_the_same_and_writes_nothing(acme: Hub):
    content = (
        PEOPLE
        + "di,Di,,acme,,,,,,lms:4711,,,,\nada,Ada Berg,ada@acme.example,acme,partner_owner,Europe/Berlin,de,,,,,,,\n"
    )
    tried = summary(acme("import", "members", "--dry-run", "--json", content=content))
    assert everybody(acme) == []
    assert tried == summary(acme("import", "members", "--json", content=content))
    assert (tried["accepted"], tried["unchanged"], tried["rejected"]) == (2, 1, 1)


def test_real_exports_have_their_own_headings(acme: Hub):
    content = "Agent,Team,Hired,Regional Office\nBo Lind,acme,2026-03-29,Kiel\n"
    options = (
        "--map",
        "id=Agent,name=Agent",
        "--map",
        "organization=Team,valid_from=Hired",
        "--set",
        "roles=sales_rep",
    )
    result = acme("import", "members", *options, "--time-zone", "Europe/Berlin", "--json", content=content)
    assert summary(result)["left_out_columns"] == ["Regional Office"]
    assert [(person["id"], person["roles"]) for person in everybody(acme)] == [("Bo Lind", ["sales_rep"])]


def test_a_name_with_a_comma_is_mapped_in_quotes(acme: Hub):
    result = acme("import", "members", "--map", '"id=Won, by"', "--json", content='"Won, by"\nBo\n')
    assert summary(result)["accepted"] == 1


@pytest.mark.parametrize(
    ("row", "path", "code"),
    [
        (",Bo", "id", "missing"),
        ("x" * 256 + ",Bo", "id", "too_long"),
        ("bo,B\0o", "name", "text"),
        ("bo", "", "columns"),
        ("bo,Bo,Lind", "", "columns"),
        ('bo,"Bo', "", "quotes"),
        ("bo," + "x" * 70_000, "name", "too_long"),
    ],
)
def test_a_bad_row_is_skipped_and_named(hub: Hub, row: str, path: str, code: str):
    result = hub("import", "members", "--json", content=f"id,name\nada,Ada\n{row}\ncy,Cy\n")
    assert errors(result) == [(3, path, code)]
    assert [person["id"] for person in everybody(hub)] == ["ada", "cy"]


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("email", "bo", "email"),
        ("organization", "nowhere", "unknown_organization"),
        ("roles", "sales_rep;Boss", "key"),
        ("time_zone", "Mars/Olympus", "time_zone"),
        ("locale", "xx-yy-zz", "locale"),
        ("tags", "a|b", "text"),
        ("aliases", "x" * 256, "too_long"),
        ("listed", "maybe", "type"),
        ("valid_from", "2026-01-01T00:00:00", "time"),
        ("valid_from", "soon", "time"),
        ("valid_from", "2026-01-01", "time"),
    ],
)
def test_a_bad_cell_is_named(acme: Hub, column: str, cell: str, code: str):
    assert errors(acme("import", "members", "--json", content=f"id,{column}\nbo,{cell}\n")) == [(2, column, code)]


def test_an_encoding_that_is_not_utf_8_is_named(hub: Hub):
    content = "id,name\nbo,Bö\n".encode("latin-1")
    assert errors(hub("import", "members", "--json", content=content)) == [(2, "name", "encoding")]


@pytest.mark.parametrize(
    ("kind", "content", "path", "code"),
    [
        ("members", "", "", "missing"),
        ("members", "name\nBo\n", "id", "missing"),
        ("members", "id,id\nbo,bo\n", "", "columns"),
        ("targets", "goal,member,window\n", "target", "missing"),
        ("assignments", "organization,member\n", "as", "missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_fault(hub: Hub, kind: str, content: str, path: str, code: str):
    assert errors(hub("import", kind, "--json", content=content)) == [(1, path, code)]


def test_a_long_list_of_faults_is_cut_and_counted(hub: Hub):
    result = hub("import", "members", "--json", content="id,name\n" + "bo\n" * (MAX_LISTED + 5))
    told = summary(result)
    assert (told["rejected"], len(told["errors"]), told["errors_unlisted"]) == (MAX_LISTED + 5, MAX_LISTED, 5)


def test_targets_and_assignments_come_in(acme: Hub):
    acme("import", "members", content=PEOPLE)
    targets = "goal,member,window,target\nquarter_revenue,lms:4711,2026-Q4,50000\nquarter_revenue,nobody,2026-Q4,1\n"
    assert errors(acme("import", "targets", "--json", content=targets)) == [(3, "member", "unknown_member")]
    assigned = "organization,member,as\nacme,ada,field_team\nnowhere,ada,field_team\n"
    told = acme("import", "assignments", "--json", content=assigned)
    assert errors(told) == [(3, "organization", "unknown_organization")]
    assert summary(told)["accepted"] == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--map", "id"),
        ("--map", "id=a", "--map", "id=b"),
        ("--set", "roles"),
        ("--time-zone", "Mars"),
        ("nothing-there.csv",),
    ],
)
def test_wrong_usage_ends_with_two(hub: Hub, options: tuple[str, ...]):
    assert hub("import", "members", *options, content="id\nbo\n").exit_code == 2


def test_a_field_that_does_not_exist_is_named(hub: Hub):
    assert errors(hub("import", "members", "--json", "--set", "shoe_size=44", content="id\nbo\n")) == [
        (1, "shoe_size", "columns")
    ]


def test_a_mapping_to_a_column_that_is_not_there_is_named(hub: Hub):
    assert errors(hub("import", "members", "--json", "--map", "id=agent", content="id\nbo\n")) == [(1, "id", "columns")]


def test_an_operator_ends_and_resumes_somebodys_part(acme: Hub):
    acme("import", "members", content=PEOPLE)
    assert acme("members", "deactivate", "lms:4711", "--reason", "left").stdout == "bo is deactivated.\n"
    assert acme("members", "deactivate", "bo").stdout == "bo was deactivated already.\n"
    assert [person["id"] for person in everybody(acme)] == ["ada"]
    assert acme("members", "list", "--all").stdout.endswith("bo\tBo Lind\tacme\tsales_rep;marketing\tdeactivated\n")
    assert acme("members", "reactivate", "bo").stdout == "bo is active again.\n"
    assert acme("members", "reactivate", "bo").stdout == "bo was active already.\n"
    assert acme("members", "deactivate", "nobody").exit_code == 1
    assert acme("members", "list", "--organization", "nowhere").exit_code == 1


DATA = Path(__file__).resolve().parent.parent / "data"
SETS = sorted(file.parent.name for file in DATA.glob("*/members.csv"))


@pytest.mark.parametrize("name", SETS)
def test_real_people_and_organizations_go_in_cleanly_and_once(hub: Hub, name: str):
    for kind in ("organizations", "members"):
        file = str(DATA / name / f"{kind}.csv")
        told = summary(hub("import", kind, file, "--json"))
        assert (told["accepted"], told["errors"]) == (told["rows"], [])
        assert summary(hub("import", kind, file, "--json"))["unchanged"] == told["rows"]
