"""The live stream: how long after a notice is committed an open page hears of it, with 500 streams on one process.

All processes share the machine's processors, the reading side included. `python -m bench.live [URL of PostgreSQL]`.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from config import Config
from hub import clock, create_app
from hub.db import db, transaction
from hub.directory.tables import members
from hub.live import live
from hub.signals import publish

STREAMS = 500
NOTICES = 200
APART_SECONDS = 0.05
TARGET_MS = 250
RESTING_MB = 150


def run(database_url: str | None = None) -> dict[str, float]:
    """Milliseconds from commit to page (`board_p95`: one board on all pages); `resting_mb` of the web process."""
    with TemporaryDirectory() as folder:
        settings = {
            "HUB_ENV": "test",
            "HUB_INSTANCE": folder,
            "HUB_LOG": "json",
            "SECRET_KEY": "only for benchmarks",
            "DATABASE_URL": database_url or f"sqlite:///{folder}/bench.sqlite",
        }
        environment = {**os.environ, **settings}
        hub = [sys.executable, "-m", "hub.cli"]
        subprocess.run([*hub, "db", "upgrade"], env=environment, check=True, capture_output=True)
        with _listening() as shared, create_app(Config.from_env(settings)).app_context():
            web = subprocess.Popen(
                [*hub, "web", "--socket", str(shared.fileno())],
                env=environment,
                pass_fds=[shared.fileno()],
                stdout=subprocess.DEVNULL,
            )
            try:
                return asyncio.run(_measure(shared.getsockname()[1], web.pid))
            finally:
                web.terminate()
                web.wait()
                db.engine.dispose()


def _listening() -> socket.socket:
    shared = socket.socket()
    shared.bind(("127.0.0.1", 0))
    shared.listen(1_024)
    return shared


async def _measure(port: int, web: int) -> dict[str, float]:
    with transaction() as connection:
        people = [{"no": no + 1, "id": f"m{no}", "created_at": 0} for no in range(STREAMS)]
        connection.execute(members.insert(), people)
    pages = [Page(no + 1) for no in range(STREAMS)]
    await pages[0].open(port)
    await pages[0].close()
    resting = _megabytes(web)
    await asyncio.gather(*(page.open(port) for page in pages))
    own = await asyncio.to_thread(_tell_members, pages)
    board = await asyncio.to_thread(_tell_board)
    await asyncio.sleep(3)
    full = _megabytes(web)
    for page in pages:
        await page.close()
    waits = [(page.heard[topic] - at) * 1000 for page, topic, at in own]
    board_waits = [(page.heard["hub:leaderboard.top"] - board) * 1000 for page in pages]
    return {
        "p50": median(waits),
        "p95": quantiles(waits, n=20)[-1],
        "board_p95": quantiles(board_waits, n=20)[-1],
        "resting_mb": resting,
        "stream_kb": (full - resting) * 1024 / STREAMS,
    }


def _megabytes(process: int) -> float:
    line = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _tell_members(pages: list["Page"]) -> list[tuple["Page", str, float]]:
    """One member's points after another's: the page, its event, and when it was committed."""
    told = []
    for page in Random(1).sample(pages, NOTICES):
        with transaction() as connection:
            publish(connection, [f"points/{page.member}", f"goals/{page.member}"], clock.now())
        told.append((page, f"hub:points.{page.member}", time.perf_counter()))
        time.sleep(APART_SECONDS)
    return told


def _tell_board() -> float:
    with transaction() as connection:
        publish(connection, ["leaderboard/top"], clock.now())
    return time.perf_counter()


class Page:
    """An open page: when it heard of what."""

    def __init__(self, member: int) -> None:
        self.member = member
        self.heard: dict[str, float] = {}
        topics = [f"{kind}/{member}" for kind in ("points", "badges", "streaks", "goals")]
        # The hub is at the beginning of its notices, whichever process asks.
        part = live()
        self._ticket = part.tickets.issue(member, [*topics, "leaderboard/top"], 0, clock.now())

    async def open(self, port: int) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(f"GET /live?ticket={self._ticket} HTTP/1.1\r\nHost: hub\r\n\r\n".encode())
        while b"hub:open" not in await reader.readline():
            pass
        self._reading = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line.startswith(b"event: "):
                self.heard[line[7:].decode().strip()] = time.perf_counter()

    async def close(self) -> None:
        self._writer.close()
        await self._reading


def report(database: str, found: dict[str, float]) -> str:
    """One line, beside the targets."""
    met = "met" if found["p95"] <= TARGET_MS else "NOT MET"
    light = "met" if found["resting_mb"] <= RESTING_MB else "NOT MET"
    return (
        f"live, {database}: notice to page with {STREAMS} streams p50 {found['p50']:.0f} ms, p95 {found['p95']:.0f} ms"
        f" (target {TARGET_MS} ms: {met}); a board on all pages p95 {found['board_p95']:.0f} ms;"
        f" web process at rest {found['resting_mb']:.0f} MB (target {RESTING_MB} MB: {light}),"
        f" {found['stream_kb']:.0f} KiB a stream"
    )


def main() -> None:
    print(report("SQLite", run()))
    for url in sys.argv[1:]:
        print(report("PostgreSQL", run(url)))


if __name__ == "__main__":
    main()
