"""What the contacts widget shows."""

from __future__ import annotations

from dataclasses import dataclass

from hub.directory import assignments
from hub.widgets.kit import View


@dataclass(frozen=True, slots=True)
class Contact:
    """`about`: what the person is for my organization, and the title where there is one."""

    name: str
    about: str
    email: str | None
    phone: str | None

    @property
    def dialled(self) -> str:
        """The number as a telephone takes it."""
        return "".join(sign for sign in self.phone or "" if sign.isdigit() or sign == "+")


@dataclass(frozen=True, slots=True)
class Values:
    organization: str | None
    contacts: tuple[Contact, ...]


def query(view: View) -> Values:
    organization = view.member.organization
    found = () if organization is None else assignments.contacts(view.connection, organization, view.now)
    return Values(
        view.member.organization_name,
        tuple(_contact(view, one) for one in found if one.member != view.member.no),
    )


def _contact(view: View, one: assignments.Contact) -> Contact:
    roles = " · ".join(view.title("roles", role) for role in one.roles)
    return Contact(one.name, f"{roles} · {one.title}" if one.title else roles, one.email, one.phone)
