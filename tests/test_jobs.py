"""Jobs run in one process at a time, and a database that fails does not end them."""

import pytest
from flask import Flask
from sqlalchemy import text

from hub import clock
from hub.db import db, transaction
from hub.jobs import JOBS, LEADER, Job, Jobs
from hub.signals import notices, publish


@pytest.fixture
def ran() -> list[int]:
    return []


def test_only_one_process_leads_until_it_ends(app: Flask, ran: list[int]) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("the only worker leads")
    job = Job("count", 60, ran.append)
    first, second = Jobs(app, ()), Jobs(app, ())
    with first.running():
        assert first.run(job)
        assert not second.run(job)
        assert first.run(job)
    assert second.run(job)
    assert not first.run(job)
    assert len(ran) == 3
    with second.running():
        pass


def test_a_leader_that_lost_its_connection_is_replaced(app: Flask, ran: list[int]) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("the only worker leads")
    job = Job("count", 60, ran.append)
    first, second = Jobs(app, ()), Jobs(app, ())
    with first.running(), second.running():
        assert first.run(job)
        with transaction() as connection:
            leader = text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objid = :lock AND locktype = 'advisory'"
            )
            connection.execute(leader, {"lock": LEADER})
        assert second.run(job)
        assert not first.run(job)


def test_a_job_whose_database_fails_is_left_for_the_next_time(app: Flask) -> None:
    def broken(_now: int) -> None:
        with transaction() as connection:
            connection.execute(text("SELECT * FROM no_such_table"))

    jobs = Jobs(app, ())
    with jobs.running():
        assert not jobs.run(Job("broken", 60, broken))


def test_the_jobs_do_their_work(app: Flask) -> None:
    now = clock.now()
    for at in (now - clock.HOUR, now - clock.HOUR, now):
        with transaction() as connection:
            publish(connection, ["points/1"], at)
    jobs = Jobs(app)
    with jobs.running():
        assert all(jobs.run(job) for job in JOBS)
    with transaction() as connection:
        assert len(connection.execute(notices.select()).all()) == 1
