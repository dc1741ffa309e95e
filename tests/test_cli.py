"""The `hub` command: what it reports, and with which exit status."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.app import PRODUCTION, settings
from tests.databases import ROOT, Databases


def run(environ: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
    """The command in a process of its own, as an operator starts it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "SECRET_", "DATABASE_"))}
    command = [sys.executable, "-m", "hub.cli", *arguments]
    done = subprocess.run(command, env=clean | environ, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def one_line(err: str, *words: str) -> None:
    assert len(err.splitlines()) == 1, err
    assert all(word in err for word in words), err


def test_it_lists_its_commands_and_every_one_has_help(hub: Callable[..., tuple[int, str, str]]) -> None:
    status, out, _ = hub("--help")
    assert status == 0
    names = [line.split()[0] for line in out.split("Commands:")[1].splitlines() if line.strip()]
    assert {"db", "keys"} <= set(names)
    for name in names:
        status, out, _ = hub(name, "--help")
        assert (status, "Usage:" in out) == (0, True), name


def test_wrong_usage_is_2(hub: Callable[..., tuple[int, str, str]]) -> None:
    assert [hub("eat")[0], hub("db", "eat")[0], hub("db", "upgrade", "--eat")[0]] == [2, 2, 2]


def test_a_database_that_is_not_migrated_is_one_line(empty_database_url: str, tmp_path: Path) -> None:
    environ = settings(empty_database_url, tmp_path)
    status, out, err = run(environ, "keys", "list")
    assert (status, out) == (1, "")
    one_line(err, "hub db upgrade")
    if empty_database_url.startswith("sqlite"):
        assert not Path(empty_database_url.removeprefix("sqlite:///")).exists()
    assert run(environ, "db", "upgrade")[0] == 0
    assert run(environ, "keys", "list") == (0, "", "")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", ["DATABASE_URL", "not a database URL"]),
        ("mysql://localhost/hub", ["DATABASE_URL", "mysql"]),
        ("sqlite:////nowhere/at/all/hub.sqlite", ["DATABASE_URL", "unable to open"]),
        ("postgresql://bo:hush@127.0.0.1:1/hub", ["DATABASE_URL", "refused"]),
    ],
)
def test_a_wrong_database_address_is_one_line_without_its_password(tmp_path: Path, url: str, words: list[str]) -> None:
    status, out, err = run(settings(url, tmp_path), "db", "upgrade")
    assert (status, out) == (1, "")
    one_line(err, *words)
    assert "hush" not in err


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear Bo, " * 1000)
    for command in (["db", "upgrade"], ["keys", "list"]):
        status, _, err = run(settings(f"sqlite:///{file}", tmp_path), *command)
        assert status == 1
        one_line(err, "DATABASE_URL", "not a database")
    assert file.read_text().startswith("Dear Bo")


def test_a_database_server_without_that_database_is_one_line(databases: Databases, tmp_path: Path) -> None:
    url = databases.empty("postgresql") + "_not"
    if "?" in url:
        address, options = databases.empty("postgresql").split("?", 1)
        url = f"{address}_not?{options}"
    status, _, err = run(settings(url, tmp_path), "keys", "list")
    assert status == 1
    one_line(err, "DATABASE_URL", "does not exist")


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    status, _, err = run(settings(f"sqlite:///{tmp_path}/x.sqlite", tmp_path, HUB_LOG="xml"), "db", "upgrade")
    assert status == 1
    one_line(err, "HUB_LOG", "json, text")


def test_migrations_and_tables_agree(hub: Callable[..., tuple[int, str, str]]) -> None:
    assert hub("db", "check")[0] == 0


def test_production_refuses_a_database_that_may_forget(databases: Databases, tmp_path: Path) -> None:
    url = databases.migrated("postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
    status, _, err = run(settings(url, tmp_path, **PRODUCTION), "keys", "list")
    assert status == 1
    one_line(err, "synchronous_commit=off")
    assert run(settings(url, tmp_path), "keys", "list")[0] == 0


def test_several_may_migrate_at_once(empty_database_url: str, tmp_path: Path) -> None:
    environ = {**os.environ, **settings(empty_database_url, tmp_path)}
    command = [sys.executable, "-m", "hub.cli", "db", "upgrade"]
    started = [subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.DEVNULL) for _ in range(3)]
    assert [one.wait(60) for one in started] == [0, 0, 0]
