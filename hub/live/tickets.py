"""Tickets: a page's right to a stream, signed and short-lived. It says who, in which session, which topics and since
when: no data.

It serves all reconnects of its page. What has changed about its member since is looked up while the stream is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from hub import clock
from hub.signals import EVERYTHING

VALID_US = 12 * clock.HOUR
#: A page that shows more is told of everything: its ticket must fit into an address.
TOPICS = 200
CHARACTERS = 4_000


@dataclass(frozen=True)
class Ticket:
    """`cursor`: the newest notice that the page already shows; None where that is not known. `session`: the stream ends
    with it; None: with its member's part in the hub.
    """

    member: int
    topics: frozenset[str]
    cursor: int | None
    session: int | None = None


class _Paper(msgspec.Struct, array_like=True):
    member: int
    topics: list[str]
    cursor: int | None
    until: int
    session: int | None = None


class Tickets:
    """Signs tickets with the hub's key, and reads those of older keys too."""

    def __init__(self, key: str, older: Sequence[str]) -> None:
        # itsdangerous signs with the last of its keys.
        self._serializer: URLSafeSerializer = URLSafeSerializer(
            [*reversed(older), key],
            salt="hub.live.ticket",
            serializer=_Json,
            signer_kwargs={"digest_method": hashlib.sha256},
        )

    def issue(
        self, member: int, topics: Iterable[str], cursor: int | None, now: int, session: int | None = None
    ) -> str:
        """At most CHARACTERS long, whatever the topics."""
        asked, until = sorted(set(topics)), now + VALID_US
        if len(asked) <= TOPICS:
            text = self._sign(_Paper(member, asked, cursor, until, session))
            if len(text) <= CHARACTERS:
                return text
        return self._sign(_Paper(member, [EVERYTHING], cursor, until, session))

    def read(self, text: str, now: int) -> Ticket | None:
        """None for what we did not sign, or too long ago."""
        if len(text) > CHARACTERS:
            return None
        try:
            paper = msgspec.convert(self._serializer.loads(text), _Paper)
        except (BadData, msgspec.ValidationError):
            return None
        if now >= paper.until:
            return None
        return Ticket(paper.member, frozenset(paper.topics), paper.cursor, paper.session)

    def _sign(self, paper: _Paper) -> str:
        return str(self._serializer.dumps(paper))


class _Json:
    """msgspec in the shape that itsdangerous asks for."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        return msgspec.json.encode(value).decode()

    @staticmethod
    def loads(text: str | bytes) -> Any:
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError as error:
            raise ValueError(str(error)) from error
