"""An identity provider that talks to the hub."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.clock import instant
from hub.db import reader, transaction
from hub.directory import lookup, members
from hub.directory.members import MemberProfile
from hub.identity import keys
from tests.app import NOW, started

TOKEN = "Vq7-tWm2xKp9sZr4LcJ6hB1nYd8fGe3A"
ROLES = "Partner Sales=sales_rep; Hub Admins=program_admin; Care=support_team"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass
class Provider:
    """An identity provider with its token."""

    client: FlaskClient
    token: str | None

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        proof = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(f"/scim/v2{path}", method=method, json=body, headers=proof | more)

    def user(self, user_name: str, /, **more: Any) -> dict[str, Any]:
        """A new user."""
        made = self.ask("POST", "/Users", {"schemas": [USER], "userName": user_name, **more})
        assert made.status_code == 201, made.text
        return told(made)

    def group(self, name: str, /, *users: dict[str, Any]) -> dict[str, Any]:
        """A new group of these users."""
        inside = [{"value": user["id"]} for user in users]
        made = self.ask("POST", "/Groups", {"schemas": [GROUP], "displayName": name, "members": inside})
        assert made.status_code == 201, made.text
        return told(made)

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> TestResponse:
        return self.ask("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **headers)

    def found(self, filter_: str, kind: str = "Users") -> list[str]:
        """The names of whom a filter finds."""
        answer = self.client.get(
            f"/scim/v2/{kind}", query_string={"filter": filter_}, headers={"Authorization": f"Bearer {self.token}"}
        )
        assert answer.status_code == 200, answer.text
        return [one.get("userName") or one["displayName"] for one in told(answer).get("Resources", [])]


def told(answer: TestResponse) -> dict[str, Any]:
    assert answer.json is not None, answer.text
    return dict(answer.json)


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    yield from started(database_url, tmp_path, HUB_SCIM_TOKEN=TOKEN, HUB_SCIM_GROUPS=ROLES)


@pytest.fixture
def idp(app: Flask, cast: dict[str, int]) -> Provider:
    """The vendor's identity provider: for the people of everybody."""
    assert cast
    return Provider(app.test_client(), TOKEN)


@pytest.fixture
def idp_of(app: Flask, cast: dict[str, int]) -> Callable[[str], Provider]:
    """A partner's identity provider: its key is for its organization."""
    assert cast

    def provider(organization: str) -> Provider:
        with transaction() as connection:
            made = keys.create(connection, f"{organization}'s", ["scim:write"], instant(NOW), organization=organization)
        assert isinstance(made, tuple)
        return Provider(app.test_client(), made[1])

    return provider


def member(id_: str) -> MemberProfile:
    """What the hub knows of a member, by id or alias."""
    with reader() as connection:
        known = lookup.member(connection, id_)
        assert known, f"{id_} is nobody"
        profile = members.profile_at(connection, known.no, instant(NOW))
    assert profile
    return profile


def active(id_: str) -> bool:
    with reader() as connection:
        known = lookup.member(connection, id_)
    assert known, f"{id_} is nobody"
    return known.active
