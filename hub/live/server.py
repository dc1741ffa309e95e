"""The web process: uvicorn with the front, on a socket that may be shared with others like it."""

from __future__ import annotations

import socket

import uvicorn
from typing_extensions import override

from hub.live.front import Front

#: How long requests may take to finish once the process is asked to stop.
GRACE_SECONDS = 5
BACKLOG = 2_048


class Server(uvicorn.Server):
    """uvicorn waits for all its connections when it stops, so the streams are ended first."""

    def __init__(self, config: uvicorn.Config, front: Front) -> None:
        super().__init__(config)
        self._front = front

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._front.end_streams()
        await super().shutdown(sockets)


def serve(front: Front, listening: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT."""
    settings = uvicorn.Config(
        front,
        # The app's own logs tell of requests; what proxies say is the app's to judge (HUB_TRUSTED_PROXIES).
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="none",
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(settings, front).run([listening])
