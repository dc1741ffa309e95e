"""Looking people up by any of their names, many at a time."""

from sqlalchemy import Connection

from hub.directory import lookup
from hub.directory.lookup import Known, Organization
from tests.directory.conftest import NOW


def test_a_member_is_known_by_id_and_by_each_alias(cast: Connection):
    found = lookup.members(cast, ["bo", "lms:4711", "bo@acme.example", "ada", "nobody"])
    assert found.keys() == {"bo", "lms:4711", "bo@acme.example", "ada"}
    assert found["lms:4711"] == found["bo"] == Known(found["bo"].no, "bo", True)


def test_case_counts(cast: Connection):
    assert lookup.members(cast, ["BO", "LMS:4711"]) == {}


def test_names_that_no_database_can_hold_are_nobodys(cast: Connection):
    assert lookup.members(cast, ["\0", "a\0b", "\ud800", "", "x" * 300]) == {}
    assert lookup.organizations(cast, ["\0", "\udfff", ""]) == {}


def test_thousands_of_names_are_looked_up_at_once(cast: Connection):
    names = [f"nobody-{i}" for i in range(40_000)] + ["bo", "lms:4711"]
    assert lookup.members(cast, names).keys() == {"bo", "lms:4711"}


def test_pages_see_a_person_as_she_is_now(cast: Connection):
    bo = lookup.members(cast, ["bo"])["bo"]
    person = lookup.profile_now(cast, bo.no, NOW)
    assert person is not None
    assert (person.id, person.name, person.roles, person.time_zone, person.locale, person.region) == (
        *("bo", "Bo Lind", ("sales_rep",)),
        *("Europe/Berlin", "de", "emea"),
    )
    assert person.organization == Organization(lookup.organizations(cast, ["acme"])["acme"], "acme", "Acme")
    assert lookup.profile_now(cast, 999_999, NOW) is None


def test_people_are_paged_by_id(cast: Connection):
    assert [person.id for person in lookup.page(cast, NOW, limit=2)] == ["ada", "bo"]
    assert [person.id for person in lookup.page(cast, NOW, after="bo", limit=9)] == ["cy", "fay"]
    acme = lookup.organizations(cast, ["acme"])["acme"]
    assert [person.id for person in lookup.page(cast, NOW, organization=acme)] == ["ada", "bo"]
