"""Logs: one line an occurrence on standard error, as JSON or as text (HUB_LOG), each with its request's id.

A request gets one line. It names the route, not the address: ids and aliases of people stand in addresses. Of a failed
statement only the database's first line is told, since the rest repeats the values.
"""

from __future__ import annotations

import logging
import secrets
import sys
import traceback
from time import perf_counter
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import DBAPIError
from structlog.typing import EventDict, Processor, WrappedLogger
from typing_extensions import override

from hub import clock

if TYPE_CHECKING:
    from config import Config

ID_BYTES = 8
MESSAGE_CHARACTERS = 500
#: Asked many times a minute by machines that watch the hub.
QUIET_ROUTES = ("/healthz", "/readyz", "/metrics", "/static/<path:filename>")

log = structlog.get_logger("hub.request")


def init(app: Flask) -> None:
    config: Config = app.config["HUB"]
    configure(config.log)
    app.before_request(_begin)
    app.after_request(_end)


def configure(form: str) -> None:
    """Log as `json` or as `text` from here on, what is logged by Python's own logging included."""
    colours = form == "text" and sys.stderr.isatty()
    last: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if form == "text":
        last = structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _stamp,
            _tell_error,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Looked up at each line: standard error may be redirected meanwhile.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _ToStructlog)]:
        root.removeHandler(handler)
    root.addHandler(_ToStructlog())
    root.setLevel(logging.WARNING)
    logging.getLogger("hub").setLevel(logging.INFO)


class _ToStructlog(logging.Handler):
    @override
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(
            record.levelno, record.getMessage(), logger=record.name, **({"exc_info": error} if error else {})
        )


def _stamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["at"] = clock.moment(clock.now()).isoformat(timespec="milliseconds")
    return event


def _tell_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["message"] = _message(error)
        event["where"] = [f"{at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__)]
    return event


def _message(error: BaseException) -> str:
    told = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return (told.strip().splitlines() or [""])[0][:MESSAGE_CHARACTERS]


def _begin() -> None:
    g.request_id = secrets.token_hex(ID_BYTES)
    g.began = perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    route = request.url_rule.rule if request.url_rule else None
    if route not in QUIET_ROUTES or response.status_code >= 500:
        taken = round((perf_counter() - g.began) * 1000, 1)
        log.info("request", method=request.method, route=route, status=response.status_code, ms=taken)
    return response
