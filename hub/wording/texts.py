"""The two doors that every text goes through: it is translated into the reader's language, placeholders by name."""

from __future__ import annotations

import flask_babel


def _(text: str, /, **values: object) -> str:
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """The form for `count`; its placeholders are `values`, and `num`."""
    return str(flask_babel.ngettext(one, many, count, **values))
