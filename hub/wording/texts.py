"""The two doors that every text goes through: it is translated into the reader's language, placeholders by name."""

from __future__ import annotations

from hub import wording


def _(text: str, /, **values: object) -> str:
    said = wording.translations().ugettext(text)
    return str(said % values if values else said)


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """The form for `count`; its placeholders are `values`, and `num`."""
    said = wording.translations().ungettext(one, many, count)
    return str(said % {"num": count, **values})
