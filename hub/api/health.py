"""Whether the hub is well: `/healthz` says that the process answers, `/readyz` whether it can do its work."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, exists, func, select
from sqlalchemy.exc import SQLAlchemyError

from hub import clock
from hub.api import metrics
from hub.db import NotMigrated, reader, require_migrated
from hub.identity import public
from hub.ledger import worker
from hub.ledger.tables import set_aside, workers
from hub.signals import queue

bp = Blueprint("health", __name__)

Check = dict[str, Any]


def init(app: Flask) -> None:
    app.register_blueprint(bp)
    metrics.init(app)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    return _uncached({"status": "ok"}, 200)


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    checks = _checks()
    ready = all(check["status"] == "ok" for check in checks.values())
    return _uncached({"status": "ok" if ready else "unavailable", "checks": checks}, 200 if ready else 503)


def _checks() -> dict[str, Check]:
    """Each check's status, as far as one can look. Anybody may ask, so a failure does not say more than its kind."""
    try:
        require_migrated()
        with reader() as connection:
            return {
                "database": {"status": "ok"},
                "migrations": {"status": "ok"},
                "worker": _worker(connection),
                "set_aside": _set_aside(connection),
            }
    except NotMigrated:
        return {"database": {"status": "ok"}, "migrations": {"status": "behind"}}
    except SQLAlchemyError:
        return {"database": {"status": "failed"}}


def _worker(connection: Connection) -> Check:
    """A worker that was stopped in order is missed only once there is work for it."""
    if worker.alive(connection, clock.now()):
        return {"status": "ok"}
    missed = exists(select(workers.c.id)) | exists(select(queue.c.entry))
    return {"status": "missing" if connection.scalar(select(missed)) else "ok"}


def _set_aside(connection: Connection) -> Check:
    """Members whose fold failed: something for the operator, no reason to send people elsewhere."""
    return {"status": "ok", "members": connection.scalar(select(func.count()).select_from(set_aside))}


def _uncached(body: Check, status: int) -> ResponseReturnValue:
    answer = jsonify(body)
    answer.headers["Cache-Control"] = "no-store"
    return answer, status
