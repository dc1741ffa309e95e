"""What the fields of people and organizations must look like, however they come in: each check gives faults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from babel import Locale, UnknownLocaleError

from hub.clock import microseconds
from hub.directory.names import MAX_NAME, is_line, short
from hub.gamification.faults import Fault
from hub.gamification.windows import time_zones

MAX_EMAIL = 254
MAX_TAG = 100
MAX_LISTED = 100
EARLIEST_US = microseconds(datetime(1900, 1, 1, tzinfo=UTC))
LATEST_US = microseconds(datetime(2200, 1, 1, tzinfo=UTC))

#: `localtime` is whatever this machine is set to, which is nothing to say of a person.
_NO_PLACES = {"localtime", "Factory"}
_KEY = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def name(path: str, value: str | None) -> Iterator[Fault]:
    """An id, an alias, or what somebody is called."""
    if not value:
        yield Fault(path, "missing", f"{path} is missing")
    else:
        yield from line(path, value)


def line(path: str, value: str | None) -> Iterator[Fault]:
    """One line of text, if any."""
    if value and len(value) > MAX_NAME:
        yield Fault(path, "too_long", f"{path} has more than {MAX_NAME} characters")
    elif value and not is_line(value):
        yield Fault(path, "text", f"{path} may not hold control characters")


def key(path: str, value: str | None) -> Iterator[Fault]:
    """A key of the program, such as a role or a goal. Whether the program has it is not asked: it may come later."""
    if not value:
        yield Fault(path, "missing", f"{path} is missing")
    elif len(value) > MAX_NAME or not _KEY.fullmatch(value):
        yield Fault(path, "key", f"{short(value)} is no key: small letters, digits and _, a letter first")


def keys(path: str, values: Sequence[str]) -> Iterator[Fault]:
    yield from _not_too_many(path, values)
    for value in values[:MAX_LISTED]:
        yield from key(path, value)


def tags(path: str, values: Sequence[str]) -> Iterator[Fault]:
    yield from _not_too_many(path, values)
    for value in values[:MAX_LISTED]:
        if len(value) > MAX_TAG:
            yield Fault(path, "too_long", f"a tag has at most {MAX_TAG} characters")
        elif not is_line(value) or "|" in value:
            yield Fault(path, "text", "a tag may not hold control characters or |")


def names(path: str, values: Sequence[str]) -> Iterator[Fault]:
    yield from _not_too_many(path, values)
    for value in values[:MAX_LISTED]:
        yield from name(path, value)


def email(path: str, value: str | None) -> Iterator[Fault]:
    """Only so much that no other cell is taken for one: whether it works shows when mail is sent."""
    if value and (len(value) > MAX_EMAIL or not is_line(value) or not _EMAIL.fullmatch(value)):
        yield Fault(path, "email", f"{short(value)} is no e-mail address")


def time_zone(path: str, value: str | None) -> Iterator[Fault]:
    if value and value not in time_zones() - _NO_PLACES:
        yield Fault(path, "time_zone", f"{short(value)} is no time zone; they look like Europe/Berlin")


def locale(path: str, value: str | None) -> Iterator[Fault]:
    if value and not _is_locale(value):
        yield Fault(path, "locale", f"{short(value)} is no locale; they look like de or pt-BR")


def valid_from(path: str, value: int | None) -> Iterator[Fault]:
    if value is not None and not EARLIEST_US <= value < LATEST_US:
        yield Fault(path, "time", f"{path} lies before 1900 or after 2199")


def _not_too_many(path: str, values: Sequence[str]) -> Iterator[Fault]:
    if len(values) > MAX_LISTED:
        yield Fault(path, "too_long", f"{path} has more than {MAX_LISTED} items")


@lru_cache(maxsize=1024)
def _is_locale(value: str) -> bool:
    try:
        Locale.parse(value.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return False
    return True
