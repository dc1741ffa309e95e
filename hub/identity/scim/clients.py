"""Who provisions: a key at work in one transaction, and which of the users and groups are its own."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from scim2_models import InvalidValueException, UniquenessException
from sqlalchemy import ColumnElement, Connection, Table, true

from hub.gamification.faults import Fault
from hub.identity.keys import Key


@dataclass(frozen=True, slots=True)
class Client:
    """`roles`: the role of each group's name, as the settings have it."""

    connection: Connection
    key: Key
    now: int
    roles: Mapping[str, str]

    def owns(self, table: Table) -> ColumnElement[bool]:
        """The condition that a user or group is one that this key may know of: of its organization, if it is bound."""
        bound: ColumnElement[Any] = table.c.owner == self.key.organization
        return true() if self.key.organization is None else bound


def folded(text: str) -> str:
    """A name as SCIM compares it: whatever the case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def refuse(fault: Fault) -> NoReturn:
    """What the directory found wrong with what was sent, in SCIM's words."""
    if fault.code == "conflict":
        raise UniquenessException(detail=f"{fault.message[:1].upper()}{fault.message[1:]}.")
    raise InvalidValueException(detail=f"{fault.path}: {fault.message}.")
