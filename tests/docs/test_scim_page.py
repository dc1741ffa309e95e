"""docs/scim.md names every attribute that is served, and the bounds that there are."""

from hub.identity.scim import door, groups, models, service, storage
from tests.docs import pages

PAGE = pages.page("scim")


def test_every_attribute_of_a_user_is_there_and_no_other() -> None:
    described = {
        name.partition(".")[0]
        for row in pages.rows(pages.section(PAGE, "Users are members"))
        for name in pages.code(row[0])
    }
    served = {
        str(one.name)
        for schema in models.PROVIDER.schemas
        if str(schema.id).endswith(":User")
        for one in schema.attributes or ()
    }
    assert described == served | {"externalId"}


def test_the_bounds_are_those_of_the_code() -> None:
    text = PAGE.read_text()
    assert f"({models.MAX_RESULTS} a page)" in text
    assert f"at most {groups.MAX_CHANGES:,} people" in text
    assert f"more than {service.MAX_EXPRESSION:,} characters" in text
    assert f"more than {storage.MAX_SCANNED:,} users" in text
    assert door.MAX_BODY_BYTES == 1024 * 1024
    assert "more than 1 MiB" in text


def test_the_roles_of_the_vendors_people_are_named() -> None:
    sentence = next(line for line in PAGE.read_text().splitlines() if "never `" in line)
    assert set(pages.code(sentence)) >= groups.VENDORS
