"""Names of people and organizations: ids and aliases, any text of 1 to 255 characters, case counts."""

from __future__ import annotations

import unicodedata

MAX_NAME = 255
_SHOWN = 60


def storable(text: str) -> bool:
    """Whether both databases can hold the text: PostgreSQL takes no NUL, and neither takes half a surrogate pair."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text))


def is_name(text: str) -> bool:
    """Whether the text can be an id or an alias."""
    return 0 < len(text) <= MAX_NAME and is_line(text)


def is_line(text: str) -> bool:
    """Whether the text is one line: no control characters, nothing that cannot be stored."""
    return text.isprintable() or not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text)


def short(text: str) -> str:
    """The text as a message quotes it, whatever it holds and however long it is."""
    return ascii(text[:_SHOWN] + "..." * (len(text) > _SHOWN))
