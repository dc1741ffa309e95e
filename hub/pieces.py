"""The pieces of pages and widgets: the macros of `templates/ui`, known in every template by their names."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Flask
from jinja2 import Environment

#: The files of `templates/ui` that hold macros, and nothing else.
FILES = ("icons", "charts", "medals", "people", "text", "states", "moments", "conditions")


def init(app: Flask) -> None:
    """An import in each template would do the same, and take a tenth of a page's time."""
    env = app.jinja_env
    for file in FILES:
        for name in _names(env, f"ui/{file}.html"):
            env.globals[name] = partial(_piece, env, f"ui/{file}.html", name)


def _names(env: Environment, template: str) -> list[str]:
    module = env.get_template(template).module
    return [name for name, piece in vars(module).items() if callable(piece) and not name.startswith("_")]


def _piece(env: Environment, template: str, name: str, *args: Any, **kwargs: Any) -> Any:
    # Asked of the environment each time: in development a changed file is seen at the next look.
    return getattr(env.get_template(template).module, name)(*args, **kwargs)
