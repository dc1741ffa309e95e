"""Dates and times as exports write them: often without an offset, which then is a time zone's.

A local time that comes twice is the first; one that does not exist is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

NOON = time(12)
MIDNIGHT = time(0)

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?", re.ASCII)


def with_offset(text: str, zone: ZoneInfo | None, day_at: time) -> str:
    """The time with its offset in that zone; a bare date is `day_at` of that day. Other texts come back as they are.

    ValueError says why there is no such time.
    """
    if _DATE.fullmatch(text):
        return datetime.combine(date.fromisoformat(text), day_at, _needed(zone, text)).isoformat()
    if _LOCAL.fullmatch(text):
        return _existing(datetime.fromisoformat(text).replace(tzinfo=_needed(zone, text))).isoformat()
    return text


def _needed(zone: ZoneInfo | None, text: str) -> ZoneInfo:
    if zone is None:
        raise ValueError(f"{text} has no offset: write one, or give --time-zone")
    return zone


def _existing(local: datetime) -> datetime:
    if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError(f"{local.replace(tzinfo=None).isoformat()} does not exist in {local.tzinfo}")
    return local
