"""One data set through one fresh hub: published, imported, digested, served, and read by the set's own compare.py."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

HUB = Path(sys.executable).with_name("hub")
START_SECONDS = 30
_HINT = re.compile(r"HUB_NOW=([0-9T:.Z-]+)")

Say = Callable[[str], None]


class Failed(Exception):
    """A command of the README did not do what it should."""


@dataclass(frozen=True)
class Trial:
    """A data set, the database it goes into, and what time the hub believes it is (None: now)."""

    folder: Path
    database_url: str
    now: str | None
    say: Say = print

    def run(self) -> int:
        """The exit code of compare.py."""
        with tempfile.TemporaryDirectory() as instance:
            settings = self._settings(instance)
            self._hub(settings, "db", "upgrade")
            for command in commands(self.folder):
                self._hub(settings, *command)
            made = self._hub(settings, "keys", "create", "compare", "--scope", "members:read", "--json")
            with self._served(settings) as url:
                return self._compare(url, json.loads(made)["key"])

    def _settings(self, instance: str) -> dict[str, str]:
        own = {"HUB_ENV": "test", "HUB_INSTANCE": instance, "DATABASE_URL": self.database_url, "SECRET_KEY": "a trial"}
        return {**os.environ, **own} | ({"HUB_NOW": self.now} if self.now else {})

    def _hub(self, settings: dict[str, str], *arguments: str) -> str:
        began = time.monotonic()
        done = subprocess.run(
            [HUB, *arguments], cwd=self.folder, env=settings, capture_output=True, text=True, check=False
        )
        told = " ".join(arguments[:3])
        if done.returncode:
            raise Failed(f"hub {told}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        self.say(f"  hub {told} ({time.monotonic() - began:.1f} s)")
        return done.stdout

    @contextmanager
    def _served(self, settings: dict[str, str]) -> Iterator[str]:
        port = str(free_port())
        command = [HUB, "serve", "--no-worker", "--web", "1", "--port", port]
        process = subprocess.Popen(command, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(15)

    def _compare(self, url: str, key: str) -> int:
        settings = {**os.environ, "HUB_KEY": key, "HUB_URL": url}
        command = [sys.executable, "compare.py"]
        done = subprocess.run(command, cwd=self.folder, env=settings, capture_output=True, text=True, check=False)
        for line in (done.stdout + done.stderr).splitlines():
            self.say(f"    {line}")
        return done.returncode


def commands(folder: Path) -> list[list[str]]:
    """The `hub` commands of the README, in order, but for making the key."""
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    found = [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("hub ")]
    return [command for command in found if command[0] != "keys"]


def end_of_data(folder: Path) -> str:
    """The time at which the README says that the data ends."""
    hint = _HINT.search((folder / "README.md").read_text(encoding="utf-8"))
    assert hint
    return hint[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(f"{url}/healthz", timeout=1):
                return
        except OSError:  # URLError is one, and so is a time-out
            time.sleep(0.1)
    raise Failed("hub serve does not answer")
