"""The hub: what partners' people have earned, what is coming, what to do next, and why."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flask import Flask

    from config import Config


#: So many new objects before those in circles are looked for. What a batch reads and comes to holds no circles, and
#: looking through it again and again took a fifth of the digest's time.
OBJECTS_LOOKED_THROUGH = 10_000


class Part(Protocol):
    """A module that has a place in the app: its blueprints, extensions and hooks."""

    def init(self, app: Flask) -> None: ...


def create_app(config: Config) -> Flask:
    """The composition root: one app with these settings, complete."""
    from flask import Flask

    from hub import clock, logs

    app = Flask(__name__, instance_path=str(config.instance))
    app.config.from_mapping(config.flask())
    logs.init(app)
    clock.set_source(config.now)
    gc.set_threshold(OBJECTS_LOOKED_THROUGH)
    for part in _parts():
        part.init(app)
    return app


def _parts() -> tuple[Part, ...]:
    """The parts of the app, from the bottom up."""
    # Imported only here, so that the pure core can be used without loading all the others.
    from hub import actions, api, assets, db, demo, home, identity, jobs, live, pieces, web, wording
    from hub.api import health

    return (
        db,
        web,
        wording,
        assets,
        pieces,
        identity,
        actions,
        api,
        health,
        live,
        home,
        demo,
        jobs,
    )
