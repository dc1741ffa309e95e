"""Rate limits: how often in a minute somebody may sign in, post a form, or ask the API.

Each web process counts for itself, in memory: a request costs no write, and whoever runs N of them lets through up to N
times as much. What is counted evens out: who has been quiet for a minute may use a minute's worth at once.
"""

from __future__ import annotations

import math
import time
from threading import Lock

from flask import Flask, current_app, request

from hub.identity.viewers import current_member
from hub.web import Problem

MINUTE_SECONDS = 60.0
#: How many are remembered at a time. Beyond it those are forgotten who have used least.
REMEMBERED = 10_000

#: Methods that change nothing.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Where somebody proves who she is. The page that only asks how is not counted.
SIGN_IN = ("/sign-in", "/auth/")
#: Where a provider says who signed out there: from one address, for all its people.
SIGNED_OUT = "/logout"


class Limit:
    """So many a minute of each, counted as the time by which all that was let through is used up."""

    def __init__(self, per_minute: int) -> None:
        self._each = MINUTE_SECONDS / per_minute if per_minute else 0.0
        self._used_up: dict[str, float] = {}
        self._lock = Lock()

    def wait(self, who: str, now: float) -> int:
        """0, and it is counted; or after how many seconds somebody may try again, and it is not."""
        with self._lock:
            used_up = max(self._used_up.get(who, now), now) + self._each
            over = used_up - now - MINUTE_SECONDS
            # A minute's worth, exactly, is let through whatever the rounding.
            if self._each and over > self._each / 1_000:
                return max(math.ceil(over), 1)
            self._used_up[who] = used_up
            if len(self._used_up) > REMEMBERED:
                self._forget(now)
            return 0

    def _forget(self, now: float) -> None:
        kept = sorted(self._used_up.items(), key=lambda one: one[1])[len(self._used_up) // 2 :]
        self._used_up = {who: used_up for who, used_up in kept if used_up > now}


class Limits:
    """The limits of an app."""

    def __init__(self, sign_in: int, posts: int, api: int) -> None:
        self.sign_in = Limit(sign_in)
        self.posts = Limit(posts)
        self.api = Limit(api)
        #: Requests without a valid key, by address: as many as sign-ins.
        self.refused = Limit(sign_in)


def init(app: Flask) -> None:
    config = app.config["HUB"]
    app.extensions["limits"] = Limits(config.limit_sign_in, config.limit_posts, config.limit_api)
    app.before_request(_count_people)


def of_app() -> Limits:
    limits: Limits = current_app.extensions["limits"]
    return limits


def take(limit: Limit, who: str) -> None:
    """Count one of somebody; a 429 that says when to come back where it is one too many."""
    if seconds := limit.wait(who, time.monotonic()):
        retry = {"Retry-After": str(seconds)}
        raise Problem(429, "too_many", f"Too many requests. Try again in {seconds} s.", headers=retry)


def address() -> str:
    """Where the request comes from, as far as the proxies in front are trusted."""
    return request.remote_addr or ""


def _count_people() -> None:
    """Those who sign in or out, and those who post a form. Who has a key is counted where the key is known."""
    if request.path.startswith(SIGN_IN) and request.path.endswith(SIGNED_OUT):
        take(of_app().api, f"address {address()}")
    elif request.path.startswith(SIGN_IN):
        if request.method not in SAFE or request.path != "/sign-in":
            take(of_app().sign_in, address())
    elif request.method not in SAFE and not request.path.startswith(("/api/", "/scim/")):
        member = current_member()
        take(of_app().posts, f"member {member.no}" if member else f"address {address()}")
