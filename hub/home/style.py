"""The living style page, for development only: each piece of the design system in all its states."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from hub import clock
from hub.home.samples import samples
from hub.identity import public
from hub.widgets import kit

bp = Blueprint("style", __name__)


@bp.get("/style")
@public
def page() -> ResponseReturnValue:
    shown = [(sample, _rendered(sample.widget, sample.values)) for sample in samples(clock.now())]
    return render_template("home/style.html", shown=shown, failed=_failed(), now=clock.now())


def _rendered(name: str, values: object) -> kit.Rendered:
    kind = kit.catalogue()[name]
    return kit.show(kind, values, kind.widget.title)


def _failed() -> kit.Rendered:
    return kit.fallback(kit.catalogue()["points"].widget, "Points", "/style")
