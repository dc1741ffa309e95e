"""The clock: the only place where the hub learns what time it is.

Instants are whole microseconds since 1970-01-01T00:00Z. A trial may fix the clock, or move it by a file (HUB_NOW).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: str) -> int:
    """The instant of an RFC 3339 text with an offset. ValueError where it is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"no offset in {text!r}")
    return microseconds(moment)


def microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(time: int) -> datetime:
    """An instant as a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=time)


def _system() -> int:
    return microseconds(datetime.now(UTC))


def _from_file(path: Path) -> Callable[[], int]:
    return lambda: instant(path.read_text(encoding="ascii").strip())


_source: Callable[[], int] = _system


def check_source(setting: str) -> None:
    """OSError or ValueError where HUB_NOW cannot be followed."""
    if setting.startswith("file:"):
        _from_file(Path(setting.removeprefix("file:")))()
    else:
        instant(setting)


def set_source(setting: str | None) -> None:
    """Follow HUB_NOW: None the system's clock, an RFC 3339 text a fixed instant, `file:PATH` that file at each call."""
    global _source
    if setting is None:
        _source = _system
    elif setting.startswith("file:"):
        _source = _from_file(Path(setting.removeprefix("file:")))
    else:
        fixed = instant(setting)
        _source = lambda: fixed  # noqa: E731


def now() -> int:
    return _source()
