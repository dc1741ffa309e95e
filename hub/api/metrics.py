"""`/metrics` for Prometheus: how much waits, read from the database, and how fast this process answers.

Several web processes share one address, so what a process counts carries its number.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterator
from ipaddress import ip_address
from time import perf_counter

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Table, func, select
from typing_extensions import override

from hub import clock
from hub.db import reader
from hub.identity import limits, public
from hub.ledger import changeover, programs
from hub.ledger.tables import entries, held, set_aside, workers
from hub.ledger.worker import ALIVE_US
from hub.signals import queue, refolds
from hub.web import Problem, settings

EXTENSION = "hub.metrics"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

#: What waits, and in which table.
WAITING: tuple[tuple[str, str, Table], ...] = (
    ("hub_queue_entries", "Entries of the log that are not digested yet.", queue),
    ("hub_refolds", "Members waiting to be folded again, or with a new version.", refolds),
    ("hub_held_entries", "Events that wait for their type, member or organization.", held),
    ("hub_members_set_aside", "Members whose fold failed.", set_aside),
)


def init(app: Flask) -> None:
    registry = CollectorRegistry()
    registry.register(Waiting())
    names = ("process", "method", "route", "status")
    taken = Histogram("hub_request_seconds", "Time to answer.", names, buckets=SECONDS, registry=registry)

    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        labels = (str(os.getpid()), request.method, route, f"{response.status_code // 100}xx")
        taken.labels(*labels).observe(perf_counter() - g.began)
        return response

    app.extensions[EXTENSION] = registry
    app.after_request(end)
    app.add_url_rule("/metrics", "metrics", metrics)


@public
def metrics() -> Response:
    _admit()
    answer = Response(generate_latest(current_app.extensions[EXTENSION]), content_type=CONTENT_TYPE_LATEST)
    answer.headers["Cache-Control"] = "no-store"
    return answer


class Waiting(Collector):
    """Gauges of the whole hub, whichever process is asked."""

    @override
    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        with reader() as connection:
            for name, what, table in WAITING:
                waiting = connection.scalar(select(func.count()).select_from(table)) or 0
                version = programs.newest(connection) if table is refolds else None
                if version is not None:
                    waiting += changeover.still_older(connection, version.number)
                yield GaugeMetricFamily(name, what, waiting)
            oldest = connection.scalar(
                select(entries.c.received_at).where(entries.c.no == select(func.min(queue.c.entry)).scalar_subquery())
            )
            waited = 0.0 if oldest is None else max(0, now - oldest) / clock.SECOND
            yield GaugeMetricFamily("hub_queue_oldest_seconds", "Age of the oldest entry not digested.", waited)
            seen = select(func.count()).select_from(workers).where(workers.c.seen_at >= now - ALIVE_US)
            yield GaugeMetricFamily("hub_workers", "Workers seen of late.", connection.scalar(seen) or 0)


def _admit() -> None:
    """With a token whoever shows it; without one only this machine."""
    token = settings().metrics_token
    if token:
        shown = request.headers.get("Authorization", "")
        if not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
            limits.take(limits.of_app().refused, limits.address())
            offered = {"WWW-Authenticate": 'Bearer realm="metrics"'}
            raise Problem(401, "unauthorized", "This needs the metrics token.", headers=offered)
    elif not _from_this_machine():
        raise Problem(403, "forbidden", "Metrics are for this machine only, or for whoever has HUB_METRICS_TOKEN.")


def _from_this_machine() -> bool:
    # A proxy here that nobody told us of makes everybody look near; it leaves these headers.
    if settings().trusted_proxies == 0 and ("X-Forwarded-For" in request.headers or "Forwarded" in request.headers):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
