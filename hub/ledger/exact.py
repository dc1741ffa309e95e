"""JSON read exactly: numbers keep their digits (int or Decimal, no float), and what two readers could understand
differently is refused: duplicate keys, NaN, lone surrogates, bad UTF-8, more than 32 levels.

The fast reader does not see duplicate keys; but where an object has each key once, the text has no more quotes before a
colon than the value has keys. Whatever it cannot prove goes to the slow reader, whose word is final.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import msgspec

MAX_NESTING = 32
MAX_INT_DIGITS = 1_000


class Unreadable(ValueError):
    """Not JSON, or JSON with more than one meaning."""


class TooMany(Exception):
    """An array of more values than are taken."""


#: What the fast reader raises where it cannot read, or not to the end.
UNPROVEN = (msgspec.MsgspecError, ValueError, RecursionError, InvalidOperation)


def decode(text: bytes) -> Any:
    """The value of a JSON text. Raises Unreadable."""
    try:
        value = _fast(text)
        if proven(text, keys(value)):
            return value
    except UNPROVEN:
        pass
    return _slow(text)


def decode_array(text: bytes, limit: int) -> list[tuple[Any, int]]:
    """The values of a JSON array, each with its size in bytes. Raises Unreadable, or TooMany than `limit`."""
    try:
        values = [(_fast(view), view.nbytes) for view in views(text, limit)]
        if proven(text, sum(keys(value, 2) for value, _ in values)):
            return values
    except UNPROVEN:
        pass
    if not isinstance(_slow(text), list):
        raise Unreadable("not an array")
    return [(_slow(bytes(view)), view.nbytes) for view in views(text, limit)]


def views(text: bytes, limit: int) -> list[memoryview]:
    """The texts of an array's values. Raises TooMany, or what is in UNPROVEN."""
    parts = _parts(text)
    if len(parts) > limit:
        raise TooMany(f"more than {limit} values")
    return [memoryview(part) for part in parts]


_fast = msgspec.json.Decoder(float_hook=Decimal).decode
_parts = msgspec.json.Decoder(list[msgspec.Raw]).decode


def proven(text: bytes, keys_read: int) -> bool:
    """Whether a text in which the fast reader found so many keys has none twice: no more quotes stand before colons."""
    spaced = b" :" in text or b"\n:" in text or b"\t:" in text or b"\r:" in text
    return not spaced and text.count(b'":') == keys_read


def keys(value: Any, depth: int = 1) -> int:
    """How many keys the objects in a value have. Unreadable where it nests too deep."""
    kind = type(value)
    if kind is not dict and kind is not list:
        return 0
    if depth > MAX_NESTING:
        raise Unreadable(f"more than {MAX_NESTING} levels")
    inner = value.values() if kind is dict else value
    count = len(value) if kind is dict else 0
    for one in inner:
        if type(one) is dict or type(one) is list:
            count += keys(one, depth + 1)
    return count


# ---------------------------------------------------------------------------------------------------------- slow reader


def _slow(text: bytes) -> Any:
    try:
        value = json.loads(
            text.decode(), object_pairs_hook=_object, parse_float=_decimal, parse_int=_int, parse_constant=_constant
        )
        keys(value)
        if b"\\u" in text:
            _refuse_surrogates(value)
    except RecursionError:
        raise Unreadable(f"more than {MAX_NESTING} levels") from None
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    except UnicodeEncodeError:
        raise Unreadable("half of a surrogate pair") from None
    except json.JSONDecodeError as fault:
        raise Unreadable(f"{fault.msg} at line {fault.lineno} column {fault.colno}") from None
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("an object has the same key twice")
    return found


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        # An exponent beyond what can be held at all: out of bounds for whoever looks at it.
        return Decimal("Infinity")


def _int(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= MAX_INT_DIGITS else _decimal(digits)


def _constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is no JSON number")


def _refuse_surrogates(value: Any) -> None:
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict):
        for key, inner in value.items():
            key.encode()
            _refuse_surrogates(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_surrogates(inner)
