"""The machine door: `/api/v1`. Each module of this package adds its routes to `bp`.

Each route has its description beside it (`openapi.describe`); one without fails the tests: what the hub serves and what
it says it serves are one.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from flask import Blueprint, Flask

from hub.web import csrf

bp = Blueprint("api", __name__, url_prefix="/api/v1")


def init(app: Flask) -> None:
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    # Callers prove themselves by a key in a header, which no other site can make a browser send.
    csrf.exempt(bp)
    app.register_blueprint(bp)
