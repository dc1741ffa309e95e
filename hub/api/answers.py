"""How reading routes ask and answer: queries and bodies by their shape, exact numbers, times, cursors."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, TypeVar

import msgspec
from flask import Response, request
from msgspec import Meta

from hub.directory.names import storable
from hub.gamification.faults import Fault
from hub.gamification.numbers import Exact
from hub.gamification.ranking import rounded
from hub.ledger import exact
from hub.ledger.arrivals import written
from hub.web import FieldFault, Problem

JSON = "application/json"
PAGE = 100
MAX_PAGE = 500
MAX_BODY_BYTES = 64 * 1024

S = TypeVar("S")

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Date = Annotated[str, Meta(extra_json_schema={"format": "date"})]
#: An exact number: `Any` to msgspec, so that it writes the digits as they are.
Number = Annotated[Any, Meta(extra_json_schema={"type": ["number", "null"]})]
Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE)]
#: A number of ours in a cursor: what the databases hold.
Place = Annotated[int, Meta(ge=-(2**62), le=2**62)]

# Digits as they are: a float would round them, a text would not be a number.
_encode = msgspec.json.Encoder(decimal_format="number").encode
_AT = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)


class PageQuery(msgspec.Struct):
    limit: Limit = PAGE
    cursor: str | None = None


class WindowQuery(msgspec.Struct):
    """Without `window`: the one that holds now."""

    window: str | None = None


def answer(body: Any, status: int = 200) -> Response:
    response = Response(_encode(body), status, content_type=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


def moment(time: int) -> str:
    """An instant in UTC."""
    return written(time, 0)


def moment_or_none(time: int | None) -> str | None:
    return None if time is None else moment(time)


def day(ordinal: int) -> str:
    return date.fromordinal(ordinal).isoformat()


def plain(value: Exact | None) -> Any:
    """A number as answers show it."""
    return None if value is None else rounded(value)


# Refusals


def invalid(path: str, code: str, message: str) -> Problem:
    """A query or body with one wrong field."""
    return Problem(422, code, f"{message[:1].upper()}{message[1:]}.", [FieldFault(path, code, message)])


def refused(faults: Iterable[Fault]) -> Problem:
    """What the directory found wrong."""
    errors = [FieldFault(fault.path, fault.code, fault.message) for fault in faults]
    return Problem(422, errors[0].code, f"Nothing was changed: {errors[0].message}.", errors)


# Asked


def query(shape: type[S]) -> S:
    """The query as its shape says; a 422 names the parameter that does not fit."""
    return _converted(request.args.to_dict(), shape, strict=False)


def body(shape: type[S]) -> S:
    """The JSON object of a request; 400, 413, 415 or 422 where there is none of that shape."""
    if request.mimetype != JSON:
        raise Problem(415, "media_type", f"The body is {JSON}.")
    request.max_content_length = MAX_BODY_BYTES
    try:
        value = exact.decode(request.get_data(cache=False))
    except exact.Unreadable as fault:
        raise Problem(400, "unreadable", f"The body is not readable as JSON: {fault}.") from None
    return _converted(value, shape, strict=True)


def _converted(value: Any, shape: type[S], *, strict: bool) -> S:
    try:
        return msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as error:
        told = _AT.match(str(error))
        assert told
        raise invalid(told["path"] or "", "type", told["what"].replace("`", "")) from None


# Cursors: opaque to who holds them


def cursor(place: Any) -> str:
    """A place in a list, as a text for the next page."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def place(text: str | None, shape: type[S]) -> S | None:
    """The place of a cursor; None for the first page."""
    if text is None:
        return None
    try:
        padded = text + "=" * (-len(text) % 4)
        raw = base64.b64decode(padded, b"-_", validate=True)
        if storable(raw.decode()):
            return msgspec.json.decode(raw, type=shape)
    except (binascii.Error, ValueError):
        pass
    raise no_page()


def no_page() -> Problem:
    return invalid("cursor", "cursor", "no page has this cursor")
