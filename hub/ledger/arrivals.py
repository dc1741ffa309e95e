"""Arrivals: what was sent, read strictly into a form in which equal content is equal text.

Whatever door an event comes through (JSON, CloudEvents, CSV), it becomes an `Arrival` here, or a `Verdict` that says
which of its own fields is wrong. Nothing here knows the program or the database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, NamedTuple

import msgspec

from hub.clock import MINUTE, microseconds
from hub.gamification.events import REVERSED
from hub.gamification.numbers import MAX_DECIMALS, MAX_NUMBER
from hub.ledger import exact

#: The source of the hub's own events, and what their types begin with.
HUB = "hub"
HUB_TYPES = "hub."
#: That a member won a rank's prize on a final board.
HUB_PRIZE = "hub.prize.won"
#: What a trial may send in the hub's name.
HUB_VISITED = "hub.visited"

MAX_TEXT = 255
MAX_EVENT_BYTES = 64 * 1024
MAX_AHEAD_US = 5 * MINUTE
EARLIEST_US = microseconds(datetime(2000, 1, 1, tzinfo=UTC))
OFFSET_MINUTES = range(-12 * 60, 14 * 60 + 1)


class Arrival(NamedTuple):
    """An event whose own fields are in order.

    `time` in microseconds, `offset` in minutes; `text` is `data` as canonical JSON.
    """

    source: str
    id: str
    type: str
    subject: str
    time: int
    offset: int
    data: Mapping[str, Any]
    text: str

    @property
    def key(self) -> tuple[str, str]:
        return (self.source, self.id)

    @property
    def content(self) -> tuple[str, str, int, int, str]:
        """What two events of one key are compared by."""
        return (self.type, self.subject, self.time, self.offset, self.text)


class Verdict(NamedTuple):
    """What became of one event: accepted, duplicate, held, rejected or conflict.

    `entry` is its number in the log, of a conflict that of the entry that stands; 0 where there is none.
    """

    status: str
    id: str | None
    source: str | None
    entry: int = 0
    code: str | None = None
    path: str | None = None
    message: str | None = None


class Unfit(Exception):
    """An event that cannot be read; stays inside this module's callers."""

    def __init__(self, code: str, path: str, message: str) -> None:
        super().__init__(message)
        self.code, self.path, self.message = code, path, message


Name = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]


class Plain(msgspec.Struct, gc=False):
    """An event that has just what it needs, read straight from JSON; its texts are within bounds and hold no U+0000."""

    id: Name
    source: Name
    type: Name
    subject: Name
    time: str
    data: dict[str, Any]


#: Says whether a sender may use a source for a type.
MaySend = Callable[[str, str], bool]


def read(sent: object, now: int, may_send: MaySend, size: int = 0) -> Arrival | Verdict:
    """The arrival in what was sent: `Plain`, or any JSON value with exact numbers. `size` in bytes, as sent."""
    try:
        if type(sent) is Plain:
            return _arrival(sent, now, may_send, size)
        if not isinstance(sent, Mapping):
            raise Unfit("type", "", "an event is an object")
        return _arrival(_plain(sent), now, may_send, size)
    except Unfit as fault:
        return rejected(sent, fault.code, fault.path, fault.message)


def decode_array(text: bytes, limit: int) -> list[tuple[object, int]]:
    """The events of a JSON array, for `read`, each with its size in bytes. Raises Unreadable, or TooMany than `limit`.

    Nearly all are `Plain`, in arrays of such: that spares a dictionary and its checks for each.
    """
    try:
        views = exact.views(text, limit)
        plain = [_decode_plain(view) for view in views] if b"\\u0000" not in text else []
        keys = len(_PLAIN) * len(plain) + sum(exact.keys(event.data, 3) for event in plain)
        if plain and exact.proven(text, keys):
            return [(event, view.nbytes) for event, view in zip(plain, views, strict=True)]
    except exact.UNPROVEN:
        pass
    return list(exact.decode_array(text, limit))


_decode_plain = msgspec.json.Decoder(Plain, float_hook=Decimal).decode
_PLAIN = Plain.__struct_fields__


def own(
    kind: str, about: str, subject: str, time: int, offset: int = 0, data: Mapping[str, Any] | None = None
) -> Arrival:
    """An event of the hub itself. `about` is its id: what it is about, so that no act can enter twice."""
    own_data = exact_data(data or {})
    return Arrival(HUB, about, kind, subject, time, offset, own_data, canonical(own_data))


def rejected(sent: object, code: str, path: str, message: str) -> Verdict:
    if isinstance(sent, Plain):
        return Verdict("rejected", sent.id, sent.source, 0, code, path, message)
    named = sent if isinstance(sent, Mapping) else {}
    return Verdict("rejected", _echo(named.get("id")), _echo(named.get("source")), 0, code, path, message)


def _echo(value: object) -> str | None:
    """A sender's id or source as it is given back to it: never longer than a right one could be."""
    return value[:MAX_TEXT] if isinstance(value, str) else None


def _plain(sent: Mapping[str, Any]) -> Plain:
    """The same of an event that has more, or less, than it needs."""
    key, source, kind = _text(sent, "id"), _text(sent, "source"), _text(sent, "type")
    # A reversal is about its event, whosever that is.
    subject = "" if kind == REVERSED and sent.get("subject") in (None, "") else _text(sent, "subject")
    time = _written(sent.get("time"))
    if "data_base64" in sent:
        raise Unfit("type", "data_base64", "data must be a JSON object, not base64")
    if sent.get("specversion", "1.0") != "1.0":
        raise Unfit("type", "specversion", 'only CloudEvents "1.0" is known')
    data = sent.get("data")
    if data is not None and type(data) is not dict:
        raise Unfit("type", "data", "data must be a JSON object")
    return Plain(key, source, kind, subject, time, data or {})


def _arrival(plain: Plain, now: int, may_send: MaySend, size: int) -> Arrival:
    time, offset = _time(plain.time, now)
    data = exact_data(plain.data)
    text = canonical(data)
    if (
        size > MAX_EVENT_BYTES
        or len(text) > MAX_EVENT_BYTES
        or (not text.isascii() and len(text.encode()) > MAX_EVENT_BYTES)
    ):
        raise Unfit("too_large", "", f"an event has at most {MAX_EVENT_BYTES} bytes")
    _may_send(plain.source, plain.type, may_send)
    return Arrival(plain.source, plain.id, plain.type, plain.subject, time, offset, data, text)


def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name)
    if type(value) is str and 0 < len(value) <= MAX_TEXT and "\0" not in value:
        return value
    raise _unfit_text(name, value)


def _unfit_text(name: str, value: object) -> Unfit:
    if value is None or value == "":
        return Unfit("missing", name, f"{name} is missing")
    if not isinstance(value, str):
        return Unfit("type", name, f"{name} must be a text")
    if len(value) > MAX_TEXT:
        return Unfit("too_long", name, f"{name} has more than {MAX_TEXT} characters")
    return Unfit("type", name, f"{name} may not hold the character U+0000")


def _may_send(source: str, kind: str, may_send: MaySend) -> None:
    if not may_send(source, kind):
        raise Unfit("source", "source", "this sender may not use this source")
    if kind.startswith(HUB_TYPES) and source != HUB:
        raise Unfit("type", "type", f"types that begin with {HUB_TYPES} are the hub's own")


# ----------------------------------------------------------------------------------------------------------------- time

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3])(:[0-5]\d:)([0-5]\d|60)(\.\d+)?(?:([Zz])|([+-])(\d\d):([0-5]\d))", re.ASCII
)
#: What nearly all senders write: Python reads it, cutting off further digits itself. No leap second, which it cannot.
_USUAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d\d:[0-5]\d)", re.ASCII)
_OFFSET = "the offset must lie between -12:00 and +14:00"
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
#: Without zone, since an offset may carry a local time beyond what a zoned datetime can hold.
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001
_DAY_US, _SECOND_US = 86_400_000_000, 1_000_000


def _written(value: object) -> str:
    if value is None or value == "":
        raise Unfit("missing", "time", "time is missing")
    if not isinstance(value, str):
        raise Unfit("type", "time", "time must be a text")
    return value


def _time(written: str, now: int) -> tuple[int, int]:
    try:
        time, offset = instant(written)
    except ValueError as wrong:
        raise Unfit("time", "time", str(wrong)) from None
    if time < EARLIEST_US:
        raise Unfit("time", "time", "time lies before the year 2000")
    if time > now + MAX_AHEAD_US:
        raise Unfit("time", "time", "time lies more than 5 minutes ahead")
    return time, offset


def instant(text: str) -> tuple[int, int]:
    """The microseconds and the offset in minutes of an RFC 3339 time; ValueError says what is wrong with it.

    Digits beyond microseconds are cut off. A leap second (23:59:60 in UTC) is the first second of the next day, as in
    POSIX.
    """
    if _USUAL.fullmatch(text):
        try:
            return _usual(datetime.fromisoformat(text))
        except ValueError:
            pass  # told below
    parts = _RFC3339.fullmatch(text)
    if parts is None:
        raise ValueError("time must look like 2026-11-20T09:30:00+01:00, with its offset")
    day, hour, minute, second, fraction, _, sign, off_hours, off_minutes = parts.groups()
    offset = (int(off_hours) * 60 + int(off_minutes)) * (-1 if sign == "-" else 1) if sign else 0
    if offset not in OFFSET_MINUTES:
        raise ValueError(_OFFSET)
    leap = second == "60"
    try:
        local = datetime.fromisoformat(f"{day}T{hour}{minute}{'59' if leap else second}")
    except ValueError:
        raise ValueError(f"there is no day {day}") from None
    since = local - _EPOCH
    time = since.days * _DAY_US + (since.seconds - offset * 60 + leap) * _SECOND_US
    if leap and time % _DAY_US:
        raise ValueError("a leap second comes at 23:59:60 UTC only")
    return (time + int(fraction[1:7].ljust(6, "0")) if fraction else time), offset


def _usual(moment: datetime) -> tuple[int, int]:
    since, east = moment - _EPOCH_UTC, moment.utcoffset()
    assert east is not None
    offset = east.days * 24 * 60 + east.seconds // 60
    if offset not in OFFSET_MINUTES:
        raise ValueError(_OFFSET)
    return since.days * _DAY_US + since.seconds * _SECOND_US + since.microseconds, offset


def written(time: int, offset: int) -> str:
    """An instant as RFC 3339 in the offset it was sent with."""
    local = _EPOCH + timedelta(microseconds=time, minutes=offset)
    hours, minutes = divmod(abs(offset), 60)
    return (
        f"{local.isoformat()}{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}" if offset else f"{local.isoformat()}Z"
    )


# ----------------------------------------------------------------------------------------------------------------- data

_encode = msgspec.json.Encoder(order="sorted", decimal_format="number").encode
#: Numbers come back as they went in: whole ones as int, others as Decimal.
decode_data = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


def canonical(data: Mapping[str, Any]) -> str:
    """Exact data as JSON: keys sorted, no spaces; equal values are equal texts."""
    return _encode(data).decode()


def exact_data(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Data with its numbers in their one form: whole ones as int, others as Decimal without trailing zeros.

    Raises Unfit where one is out of bounds.
    """
    changed: dict[str, Any] | None = None
    for name, value in data.items():
        kind = type(value)
        if kind is str or kind is bool or value is None:
            continue
        one = _exact(value, name)
        if one is not value:
            changed = dict(data) if changed is None else changed
            changed[name] = one
    return data if changed is None else changed


def _exact(value: Any, name: str) -> Any:
    if isinstance(value, Decimal):
        return _number(value, name)
    if isinstance(value, int) and not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise _out_of_bounds(name)
    if isinstance(value, list):
        return [_exact(one, name) for one in value]
    if isinstance(value, dict):
        return {key: _exact(one, name) for key, one in value.items()}
    return value


def _number(value: Decimal, name: str) -> int | Decimal:
    if not value:
        return 0
    # Bounds first: the exponent may be astronomic, and writing such a number out would be the end of us.
    if not value.is_finite() or value.adjusted() > 12:
        raise _out_of_bounds(name)
    sign, digits, exponent = value.as_tuple()
    exponent = int(exponent)
    kept = len(digits)
    while exponent < 0 and digits[kept - 1] == 0:
        kept, exponent = kept - 1, exponent + 1
    if -exponent > MAX_DECIMALS:
        raise _out_of_bounds(name)
    number = int(value) if exponent >= 0 else Decimal((sign, digits[:kept], exponent))
    if not -MAX_NUMBER <= number <= MAX_NUMBER:
        raise _out_of_bounds(name)
    return number


def _out_of_bounds(name: str) -> Unfit:
    return Unfit("too_large", f"data.{name}", f"numbers lie within 10^12 of 0 and have at most {MAX_DECIMALS} decimals")
