"""The contacts widget: who looks after my organization, and how to reach them."""

from hub.clock import DAY
from hub.db import transaction
from hub.directory import assignments, members
from hub.directory.assignments import AssignmentRecord
from hub.directory.members import MemberProfile, MemberRecord
from hub.widgets import kit
from hub.widgets.contacts.query import query
from tests.app import JANUARY
from tests.club import Club

FAY = MemberProfile(
    "Fay Okafor",
    "fay@vendor.example",
    "vendor",
    ("field_team",),
    phone="+49 (30) 123-45",
    title="Channel manager",
)
SAM = MemberProfile("Sam Ito", "sam@vendor.example", "vendor", ("support_team",))


def told(*records: MemberRecord) -> None:
    with transaction() as connection:
        members.upsert(connection, records, JANUARY + DAY)


def test_the_people_of_the_vendor_who_look_after_my_organization(club: Club) -> None:
    told(MemberRecord("fay", FAY, (), JANUARY + DAY), MemberRecord("sam", SAM, (), JANUARY))
    with transaction() as connection:
        also = [AssignmentRecord("acme", "sam", "support_team"), AssignmentRecord("globex", "sam", "support_team")]
        assignments.upsert(connection, also, JANUARY)
    with club.looks("bo") as view:
        fay, sam = query(view).contacts
    assert (fay.name, fay.about) == ("Fay Okafor", "Field team · Channel manager")
    assert (fay.email, fay.dialled) == ("fay@vendor.example", "+493012345")
    assert (sam.name, sam.about, sam.phone, sam.dialled) == ("Sam Ito", "Support team", None, "")


def test_somebody_who_is_two_things_to_us_stands_once(club: Club) -> None:
    with transaction() as connection:
        assignments.upsert(connection, [AssignmentRecord("acme", "fay", "support_team")], JANUARY)
    with club.looks("bo") as view:
        assert [one.about for one in query(view).contacts] == ["Field team · Support team"]


def test_how_to_reach_somebody_is_what_her_newest_profile_says(club: Club) -> None:
    later = MemberProfile("Fay Okafor", "fay.okafor@vendor.example", "vendor", ("field_team",))
    told(MemberRecord("fay", FAY, (), JANUARY + DAY), MemberRecord("fay", later, (), JANUARY + 2 * DAY))
    with club.looks("bo") as view:
        [fay] = query(view).contacts
    assert fay.email == "fay.okafor@vendor.example"


def test_who_has_left_is_no_contact(club: Club) -> None:
    with transaction() as connection:
        members.deactivate(connection, club.numbers["fay"], "test", None, JANUARY)
    with club.looks("bo") as view:
        assert query(view).contacts == ()


def test_nobody_sees_the_contacts_of_another_organization(club: Club) -> None:
    with club.looks("cy") as view:
        shown = kit.render(kit.catalogue()["contacts"], view)
    assert "Nobody is assigned to you yet" in shown.html
    assert "Fay" not in shown.html
