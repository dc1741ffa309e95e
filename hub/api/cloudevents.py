"""What a request carries: events as JSON, or as CloudEvents 1.0 in structured, batch or binary mode."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Request

from hub.ledger import arrivals, exact
from hub.web import Problem

JSON = "application/json"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

MAX_BODY_BYTES = 5 * 1024 * 1024
MAX_EVENTS = 5_000

_PREFIX = "ce-"
_ATTRIBUTES = ("specversion", "id", "source", "type", "subject", "time", "data_base64")


def sent(request: Request) -> tuple[list[tuple[Any, int]], bool]:
    """The events of a request, each with its size in bytes, and whether it is a list of them. Raises Problem."""
    kind = request.mimetype
    if request.content_encoding not in (None, "", "identity"):
        raise Problem(415, "media_type", "Send the body without a content encoding.")
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8", "us-ascii"):
        raise Problem(415, "media_type", "JSON is sent in UTF-8.")
    binary = not kind.startswith("application/cloudevents") and any(
        f"{_PREFIX}{name}" in request.headers for name in ("specversion", "id", "type", "source")
    )
    request.max_content_length = MAX_BODY_BYTES
    if binary:
        return [_binary(request)], False
    if kind not in (JSON, STRUCTURED, BATCH):
        raise Problem(415, "media_type", f"Events are sent as {JSON}, {STRUCTURED} or {BATCH}.")
    return _json(request.get_data(cache=False), only_list=kind == BATCH)


def _json(body: bytes, only_list: bool) -> tuple[list[tuple[Any, int]], bool]:
    try:
        if body.lstrip(b" \t\r\n")[:1] == b"[":
            return arrivals.decode_array(body, MAX_EVENTS), True
        event = exact.decode(body)
    except exact.Unreadable as fault:
        raise Problem(400, "unreadable", f"The body is not readable as JSON: {fault}.") from None
    except exact.TooMany:
        raise Problem(413, "too_large", f"One request carries at most {MAX_EVENTS} events.") from None
    if only_list:
        raise Problem(422, "type", f"{BATCH} is an array of events.")
    return [(event, len(body))], False


def _binary(request: Request) -> tuple[Any, int]:
    """Attributes from `ce-` headers, data from the body."""
    body = request.get_data(cache=False)
    kind = request.mimetype
    if kind != JSON and not kind.endswith("+json") and (kind or body):
        raise Problem(415, "media_type", f"The data of an event in binary mode is {JSON}.")
    event: dict[str, Any] = dict(_attributes(request))
    try:
        if body:
            event["data"] = exact.decode(body)
    except exact.Unreadable as fault:
        raise Problem(400, "unreadable", f"The body is not readable as JSON: {fault}.") from None
    return event, len(body)


def _attributes(request: Request) -> Iterable[tuple[str, str | bytes]]:
    for name in _ATTRIBUTES:
        value = request.headers.get(_PREFIX + name)
        if value is not None:
            yield name, _unescaped(value)


def _unescaped(value: str) -> str | bytes:
    """A header's value as the CloudEvents HTTP binding writes it: percent-encoded UTF-8, perhaps a quoted string.

    What does not decode stays bytes, which no reader of events takes for a text.
    """
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _unquoted(value[1:-1])
    octets = unquote_to_bytes(value.encode("latin-1"))
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets


def _unquoted(value: str) -> str:
    plain, escaped = [], False
    for letter in value:
        escaped = letter == "\\" and not escaped
        if not escaped:
            plain.append(letter)
    return "".join(plain)
