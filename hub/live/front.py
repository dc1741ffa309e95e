"""The ASGI front: `/live` is served here, on the event loop; everything else goes to Flask, in threads.

A stream costs a task and a set of topics. A thread is never held by one, so pages stay fast however many streams are
open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qs

import msgspec
from a2wsgi import WSGIMiddleware
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected

from hub import clock
from hub.live import Live
from hub.live.following import Following, admit
from hub.live.streams import Stream, Streams
from hub.live.tickets import Ticket
from hub.web import TRANSPORT_SECURITY

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

#: A request of the API may wait ten seconds for its effects, so there are more threads than processors could use.
THREADS = 16
ADMITTING_THREADS = 2
RETRY_AFTER_SECONDS = 15
READY_SECONDS = 2.0
CURSOR_DIGITS = 18
QUERY_FIELDS = 8

_HEADERS: Headers = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
]
_STREAM_HEADERS: Headers = [
    *_HEADERS,
    (b"content-type", b"text/event-stream; charset=utf-8"),
    # nginx would keep what is sent until its buffer is full.
    (b"x-accel-buffering", b"no"),
]


class Refused(Exception):
    """A request for a stream that gets none."""

    def __init__(self, status: int, code: str, headers: Headers | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.headers = headers or []


class Front:
    """The ASGI application around the app."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._live: Live = app.extensions["live"]
        self._proxies: int = app.config["HUB"].trusted_proxies
        self._flask = WSGIMiddleware(app, workers=THREADS)  # type: ignore[arg-type]
        self._admitting = ThreadPoolExecutor(ADMITTING_THREADS, thread_name_prefix="admit")
        self._following: Following | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["path"] == "/live":
            await self._serve_stream(scope, receive, send)
        else:
            await self._serve_flask(scope, receive, send)

    def end_streams(self) -> None:
        """Before the server waits for its connections to end: streams do not, by themselves."""
        if self._live.streams is not None:
            self._live.streams.end()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.end_streams()
        if self._following:
            await asyncio.to_thread(self._following.stop)
        await send({"type": "lifespan.shutdown.complete"})

    async def _start(self) -> None:
        if self._live.wanted:
            self._live.streams = Streams()
            self._following = Following(self._app, self._live.streams, asyncio.get_running_loop())
            self._following.start()
            # Not longer: the hub says what is wrong with its database better than a server that does not start.
            await asyncio.to_thread(self._following.ready.wait, READY_SECONDS)

    async def _serve_flask(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, receive = _plain(scope["headers"]), _whole(receive)
        if any(name == b"transfer-encoding" for name, _ in headers):
            try:
                headers, receive = await _measured(headers, receive, self._app.config["MAX_CONTENT_LENGTH"])
            except ClientDisconnected:
                return
        await self._flask({**scope, "headers": headers}, receive, send)  # type: ignore[arg-type]

    async def _serve_stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _by_tls(scope, self._proxies):
            send = _promising_tls(send)
        try:
            stream = await self._open(scope)
        except Refused as refusal:
            await _refuse(refusal, send)
            return
        try:
            await _send_stream(stream, receive, send)
        finally:
            stream.close()

    async def _open(self, scope: Scope) -> Stream:
        """A stream for the request's ticket, with what its page has missed already offered."""
        ticket, cursor = self._ticket(scope)
        streams = self._live.streams
        if streams is None:
            raise _off(cursor)
        # First it listens, then it looks at what was: nothing falls between.
        stream = streams.open(ticket)
        if stream is None:
            raise Refused(503, "streams", _later())
        try:
            await self._catch_up(stream, ticket.cursor if cursor is None else cursor)
        except BaseException:
            stream.close()
            raise
        return stream

    async def _catch_up(self, stream: Stream, cursor: int | None) -> None:
        loop = asyncio.get_running_loop()
        try:
            missed = await loop.run_in_executor(self._admitting, admit, self._app, stream.ticket, cursor)
        except SQLAlchemyError as error:
            log.warning("no stream, the database cannot be asked: %s", error)
            raise Refused(503, "database", _later()) from error
        if missed is None:
            raise Refused(403, "member_inactive")
        stream.offer_missed(missed)

    def _ticket(self, scope: Scope) -> tuple[Ticket, int | None]:
        """The request's ticket, and the cursor where it is a reconnect."""
        if scope["method"] != "GET":
            raise Refused(405, "method", [(b"allow", b"GET")])
        ticket = self._live.tickets.read(_asked(scope["query_string"]), clock.now())
        if ticket is None:
            raise Refused(403, "ticket")
        return ticket, _cursor(scope["headers"])


async def _send_stream(stream: Stream, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS})
    gone = asyncio.create_task(_wait_for_end(receive, stream))
    try:
        async with aclosing(stream.chunks()) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()


async def _wait_for_end(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _by_tls(scope: Scope, proxies: int) -> bool:
    """Whether the browser came by TLS, as far as the proxies in front are trusted to say so."""
    told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-proto").split(b",")
    if proxies and len(told) >= proxies and told != [b""]:
        return told[-proxies].strip() == b"https"
    return bool(scope.get("scheme") == "https")


def _promising_tls(send: Send) -> Send:
    async def promising(message: Message) -> None:
        if message["type"] == "http.response.start":
            promise = (b"strict-transport-security", TRANSPORT_SECURITY.encode())
            message = {**message, "headers": [*message["headers"], promise]}
        await send(message)

    return promising


async def _refuse(refusal: Refused, send: Send) -> None:
    body = b"" if refusal.status == 204 else msgspec.json.encode({"status": refusal.status, "code": refusal.code})
    kind = (b"content-type", b"application/problem+json")
    headers = [*_HEADERS, *([kind] if body else []), (b"content-length", str(len(body)).encode()), *refusal.headers]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _off(cursor: int | None) -> Refused:
    """The first time a page asks it is sent away quietly."""
    # One that comes back would take a quiet answer for an open stream, and ask again at once.
    return Refused(204, "off") if cursor is None else Refused(503, "off", _later())


def _later() -> Headers:
    return [(b"retry-after", str(RETRY_AFTER_SECONDS).encode())]


def _asked(query: bytes) -> str:
    """The ticket in a query; nothing where there is none, or so many fields that none of our pages wrote it."""
    try:
        return parse_qs(query.decode("latin-1"), max_num_fields=QUERY_FIELDS).get("ticket", [""])[0]
    except ValueError:
        return ""


def _cursor(headers: Headers) -> int | None:
    """What the header Last-Event-ID says; -1, which is nobody's, where it is no number."""
    sent = [value for name, value in headers if name == b"last-event-id"]
    if not sent or not sent[-1]:
        return None
    return int(sent[-1]) if sent[-1].isdigit() and len(sent[-1]) <= CURSOR_DIGITS else -1


def _plain(headers: Headers) -> Headers:
    """Without names that hold an underscore: WSGI would take X_Forwarded_For for the header that a proxy sets."""
    return [(name, value) for name, value in headers if b"_" not in name]


def _whole(receive: Receive) -> Receive:
    """A body that breaks off is a fault, not a shorter body."""

    async def whole() -> Message:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        return message

    return whole


async def _measured(headers: Headers, receive: Receive, most: int) -> tuple[Headers, Receive]:
    """A body sent in chunks, gathered, and its length in a header: without one WSGI reads no body.

    One of more than `most` bytes is left where it is; the app refuses it by its length.
    """
    body, more = bytearray(), True
    while more and len(body) <= most:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    others = [(name, value) for name, value in headers if name not in (b"transfer-encoding", b"content-length")]

    async def gathered() -> Message:
        return {"type": "http.request", "body": bytes(body), "more_body": False}

    return [*others, (b"content-length", str(len(body)).encode())], gathered
