"""What a member was, and when: her own rows and those of her organizations laid over each other."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from hub.directory import lookup, members, organizations
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.directory.present import refresh_due
from hub.directory.profiles import of_organization, timelines
from hub.directory.tables import present, profiles_due
from hub.gamification.profiles import Profile, Timeline
from tests.directory.conftest import JANUARY, JULY, MARCH, MAY, NOW, ORGANIZATIONS, PEOPLE

BO = PEOPLE[1]
ACME = ORGANIZATIONS[0]


def life(connection: Connection, name: str) -> Timeline:
    member = lookup.member(connection, name)
    assert member is not None
    return timelines(connection, [member.no])[member.no]


def now(connection: Connection, name: str) -> dict[str, Any]:
    member = lookup.member(connection, name)
    assert member is not None
    return dict(connection.execute(select(present).where(present.c.member == member.no)).mappings().one())


def becomes(connection: Connection, record: MemberRecord, at: int = NOW, **changed: Any) -> None:
    profile = replace(record.profile, **changed)
    (outcome,) = members.upsert(connection, [replace(record, profile=profile, valid_from=at)], NOW).outcomes
    assert outcome.status == "accepted"


def organization_becomes(connection: Connection, at: int = NOW, **changed: Any) -> None:
    record = OrganizationRecord("acme", replace(ACME.profile, **changed), at)
    assert organizations.upsert(connection, [record], NOW).outcomes[0].status == "accepted"


def test_what_a_member_has_not_set_is_the_organizations(cast: Connection):
    profile = life(cast, "bo").at(NOW)
    assert profile.values == {
        "role": ("sales_rep",),
        "organization": "acme",
        "locale": "de",
        "region": "emea",
        "tier": "gold",
        "type": "reseller",
        "size": "120",
        "tag": ("harbor",),
    }
    assert profile.time_zone == "Europe/Berlin"
    assert profile.organization == lookup.organizations(cast, ["acme"])["acme"]


def test_only_what_is_set_is_in_a_profile(cast: Connection):
    members.upsert(cast, [MemberRecord("di", MemberProfile("Di"))], NOW)
    assert life(cast, "di").at(NOW) == Profile()
    assert life(cast, "fay").at(NOW).values == {"role": ("field_team",), "organization": "vendor"}


def test_a_members_own_region_and_tags_go_before_the_organizations(cast: Connection):
    becomes(cast, BO, region="latam", tags=("pilot", "vip"))
    values = life(cast, "bo").at(NOW).values
    assert (values["region"], values["tag"]) == ("latam", ("pilot", "vip"))


def test_a_row_holds_from_its_instant_on_and_the_first_also_before(cast: Connection):
    becomes(cast, BO, MARCH, organization="globex", roles=("partner_owner",))
    lived = life(cast, "bo")
    assert [lived.at(time).values["organization"] for time in (0, JANUARY, MARCH - 1, MARCH, NOW)] == [
        *("acme", "acme", "acme"),
        *("globex", "globex"),
    ]


def test_an_organizations_change_changes_its_members_from_then_on(cast: Connection):
    organization_becomes(cast, MARCH, tier="silver")
    lived = life(cast, "bo")
    assert [lived.at(time).values["tier"] for time in (MARCH - 1, MARCH)] == ["gold", "silver"]
    assert life(cast, "cy").starts == life(cast, "fay").starts


def test_an_organizations_change_counts_only_while_one_belongs_to_it(cast: Connection):
    becomes(cast, BO, MARCH, organization="globex")
    becomes(cast, BO, JULY, organization="acme")
    organization_becomes(cast, MAY, tier="silver")
    lived = life(cast, "bo")
    assert [lived.at(time).values["tier"] for time in (JANUARY, MARCH, MAY, JULY)] == [
        "gold",
        "silver",
        "silver",
        "silver",
    ]
    assert [lived.at(time).values["type"] for time in (MARCH, MAY, JULY)] == ["distributor", "distributor", "reseller"]
    assert list(lived.starts)[1:] == [MARCH, JULY]


def test_an_organizations_first_row_covers_its_members_before_it(cast: Connection):
    organizations.upsert(cast, [OrganizationRecord("late", OrganizationProfile("Late", tier="gold"), JULY)], NOW)
    members.upsert(cast, [MemberRecord("di", MemberProfile("Di", organization="late"), (), JANUARY)], NOW)
    assert life(cast, "di").at(MARCH).values["tier"] == "gold"


def test_timelines_of_many_members_come_at_once(cast: Connection):
    known = lookup.members(cast, ["ada", "bo", "cy", "fay"])
    assert timelines(cast, [member.no for member in known.values()] + [999_999]).keys() == {
        member.no for member in known.values()
    }
    assert timelines(cast, []) == {}


def test_an_organization_has_a_timeline_of_its_own(cast: Connection):
    organization_becomes(cast, MARCH, tier="silver")
    acme = lookup.organizations(cast, ["acme"])["acme"]
    lived = of_organization(cast, acme)
    assert [lived.at(time).values["tier"] for time in (0, MARCH)] == ["gold", "silver"]
    assert lived.at(NOW).values["organization"] == "acme"
    assert lived.at(NOW).organization == acme


def test_present_is_what_holds_now(cast: Connection):
    seen = now(cast, "bo")
    assert (seen["name"], seen["roles"], seen["tags"], seen["tier"], seen["active"], seen["listed"]) == (
        *("Bo Lind", "|sales_rep|", "|harbor|", "gold"),
        *(True, True),
    )


def test_present_follows_a_member_and_the_organization_in_the_same_transaction(cast: Connection):
    becomes(cast, BO, roles=("sales_rep", "marketing"), listed=False)
    organization_becomes(cast, region="amer", tags=())
    seen = now(cast, "bo")
    assert (seen["roles"], seen["listed"], seen["region"], seen["tags"]) == ("|sales_rep|marketing|", False, "amer", "")


def test_a_row_about_the_past_does_not_change_the_present(cast: Connection):
    becomes(cast, BO, MARCH, roles=("marketing",))
    becomes(cast, BO, JANUARY + 1, roles=("service_support",))
    assert now(cast, "bo")["roles"] == "|marketing|"


def test_a_row_dated_ahead_comes_into_force_when_its_time_has_come(cast: Connection):
    soon = NOW + 1_000_000
    becomes(cast, BO, soon, name="Bo Lind-Berg")
    organization_becomes(cast, soon, tier="platinum")
    assert not refresh_due(cast, NOW)
    assert (now(cast, "bo")["name"], now(cast, "ada")["tier"]) == ("Bo Lind", "gold")
    assert not refresh_due(cast, soon)
    assert (now(cast, "bo")["name"], now(cast, "ada")["tier"]) == ("Bo Lind-Berg", "platinum")
    assert cast.execute(select(profiles_due)).all() == []
