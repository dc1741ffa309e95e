"""`hub members`: who there is, and ending somebody's part in the hub."""

from __future__ import annotations

import click
import msgspec
from flask import render_template

from hub import clock
from hub.cli import Fault, with_app
from hub.cli.db import scrub_files
from hub.cli.ledger import digest_all
from hub.db import reader, settle, transaction
from hub.directory import lookup
from hub.directory import members as directory
from hub.directory.lookup import Known, Person
from hub.identity import erasing
from hub.identity import export as exporting
from hub.ledger import log, merging

#: Whose act it is that somebody did at the machine itself.
OPERATOR = "operator"
LISTED_AT_ONCE = 1_000


@click.group()
def members() -> None:
    """List people, deactivate and reactivate them, make one of two, tell what there is, erase."""


@members.command("list")
@click.option("--organization", help="Only people of this organization.")
@click.option("--all", "everyone", is_flag=True, help="Deactivated people too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@with_app
def list_(organization: str | None, everyone: bool, as_json: bool) -> None:
    """Everybody, by id."""
    after = ""
    while page := _page(after, organization, everyone):
        for person in page:
            click.echo(_json(person) if as_json else _line(person))
        after = page[-1].id


@members.command()
@click.argument("member_id", metavar="ID")
@click.option("--reason", help="Why, for the record.")
@with_app
def deactivate(member_id: str, reason: str | None) -> None:
    """End a person's part in the hub: no signing in, no place on boards, new events are held."""
    with transaction() as connection:
        member = _found(lookup.member(connection, member_id), member_id)
        done = directory.deactivate(connection, member.no, OPERATOR, reason, clock.now())
    click.echo(f"{member.id} is deactivated." if done else f"{member.id} was deactivated already.")


@members.command()
@click.argument("member_id", metavar="ID")
@with_app
def reactivate(member_id: str) -> None:
    """Undo a deactivation; the events held since then are applied."""
    with transaction() as connection:
        now = clock.now()
        member = _found(lookup.member(connection, member_id), member_id)
        names = directory.reactivate(connection, member.no, now)
        log.release(connection, now, names=names)
    click.echo(f"{member.id} is active again." if names else f"{member.id} was active already.")


@members.command()
@click.argument("member_id", metavar="FROM")
@click.argument("into_id", metavar="INTO")
@with_app
def merge(member_id: str, into_id: str) -> None:
    """Make one member of two who are the same person.

    FROM's names mean INTO from now on, and all that happened to FROM counts as if it had happened to INTO. There is no
    way back.
    """
    with transaction() as connection:
        done = merging.merge(connection, member_id, into_id, OPERATOR, clock.now())
        if not isinstance(done, int):
            raise Fault(f"nothing was changed: {done.message}")
        into = _found(lookup.member(connection, into_id), into_id).id
    click.echo(f"{member_id} is {into} from now on.")


@members.command()
@click.argument("member_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_app
def erase(member_id: str, yes: bool) -> None:
    """Forget a person: no name, address or word of hers is left; points, boards and the log stay sound.

    What is sent about her again is refused. There is no way back.
    """
    if not yes:
        click.confirm("There is no way back. Erase?", abort=True)
    with transaction() as connection:
        member = erasing.leave(connection, member_id, OPERATOR, clock.now())
    if not isinstance(member, int):
        raise Fault(f"nothing was changed: {member.message}")
    # Who took something in about her before is done with it.
    settle()
    with transaction() as connection:
        person = erasing.erase(connection, member, OPERATOR, clock.now())
    digest_all()
    with transaction() as connection:
        erasing.again(connection, person, clock.now())
    digest_all()
    with transaction() as connection:
        erasing.forget(connection, person)
    scrub_files()
    click.echo("Erased.")


@members.command()
@click.argument("member_id", metavar="ID")
@click.option("--html", "as_page", is_flag=True, help="As a page to read, not as JSON.")
@with_app
def export(member_id: str, as_page: bool) -> None:
    """Everything that the hub holds about a person, on standard output."""
    with reader() as connection:
        member = _found(lookup.member(connection, member_id), member_id)
        told = exporting.of(connection, member.no, clock.now())
    if as_page:
        click.echo(render_template("identity/export.html", id=member.id, told=told))
    else:
        click.echo(exporting.as_json(told), nl=False)


def _found(member: Known | None, name: str) -> Known:
    if member is None:
        raise Fault(f"there is no member {name!r}")
    return member


def _page(after: str, organization: str | None, everyone: bool) -> list[Person]:
    with reader() as connection:
        within = None
        if organization is not None:
            within = lookup.organizations(connection, [organization]).get(organization)
            if within is None:
                raise Fault(f"there is no organization {organization!r}")
        return lookup.page(
            connection, clock.now(), after=after, limit=LISTED_AT_ONCE, organization=within, everyone=everyone
        )


def _line(person: Person) -> str:
    organization = person.organization.id if person.organization else ""
    state = "" if person.active else "deactivated"
    return "\t".join((person.id, person.name, organization, ";".join(person.roles), state)).rstrip("\t")


def _json(person: Person) -> str:
    told = {
        "id": person.id,
        "name": person.name,
        "organization": person.organization.id if person.organization else None,
        "roles": person.roles,
        "time_zone": person.time_zone,
        "active": person.active,
    }
    return msgspec.json.encode(told).decode()


commands = [members]
