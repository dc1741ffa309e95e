"""What a member was, and when: her own rows and those of her organizations laid over each other, known now or then."""

import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, select

from hub.directory import lookup, members, organizations, targets
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationProfile, OrganizationRecord
from hub.directory.present import refresh_due
from hub.directory.profiles import changes, of_organization, timelines
from hub.directory.tables import present, profiles_due
from hub.directory.targets import TargetRecord
from hub.gamification.profiles import Profile, Timeline
from tests.directory.conftest import JANUARY, JULY, MARCH, MAY, NOW, ORGANIZATIONS, PEOPLE

BO = PEOPLE[1]
ACME = ORGANIZATIONS[0]


def life(connection: Connection, name: str, known_before: int | None = None) -> Timeline:
    member = lookup.member(connection, name)
    assert member is not None
    return timelines(connection, [member.no], known_before)[member.no]


def now(connection: Connection, name: str) -> dict[str, Any]:
    member = lookup.member(connection, name)
    assert member is not None
    return dict(connection.execute(select(present).where(present.c.member == member.no)).mappings().one())


def becomes(
    connection: Connection, record: MemberRecord, at: int = NOW, recorded_at: int = NOW, **changed: Any
) -> None:
    profile = replace(record.profile, **changed)
    (outcome,) = members.upsert(connection, [replace(record, profile=profile, valid_from=at)], recorded_at).outcomes
    assert outcome.status == "accepted"


def organization_becomes(connection: Connection, at: int = NOW, recorded_at: int = NOW, **changed: Any) -> None:
    record = OrganizationRecord("acme", replace(ACME.profile, **changed), at)
    assert organizations.upsert(connection, [record], recorded_at).outcomes[0].status == "accepted"


def learned(connection: Connection, name: str, after: int = 0, before: int = NOW + 100) -> list[int]:
    """When the hub learned something of this member that the engine sees."""
    member = lookup.member(connection, name)
    assert member is not None
    return changes(connection, [member.no], after, before).get(member.no, [])


def aims(connection: Connection, target: str, recorded_at: int) -> None:
    record = TargetRecord("quarter_revenue", "bo", "2026-Q4", target)
    assert [outcome.status for outcome in targets.upsert(connection, [record], recorded_at)] == ["accepted"]


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


# What the hub knew when


def test_a_corrected_past_is_read_as_the_hub_knew_it(cast: Connection):
    becomes(cast, BO, MARCH, recorded_at=MAY, roles=("marketing",))
    becomes(cast, BO, MARCH, recorded_at=JULY, roles=("partner_owner",))
    becomes(cast, BO, JANUARY, recorded_at=NOW, roles=("service_support",))
    roles = {
        before: [life(cast, "bo", before).at(time).values["role"][0] for time in (JANUARY, MARCH)]
        for before in (JANUARY + 1, MAY, MAY + 1, JULY, JULY + 1, NOW, NOW + 1, None)
    }
    assert roles == {
        JANUARY + 1: ["sales_rep", "sales_rep"],
        MAY: ["sales_rep", "sales_rep"],
        MAY + 1: ["sales_rep", "marketing"],
        JULY: ["sales_rep", "marketing"],
        JULY + 1: ["sales_rep", "partner_owner"],
        NOW: ["sales_rep", "partner_owner"],
        NOW + 1: ["service_support", "partner_owner"],
        None: ["service_support", "partner_owner"],
    }


def test_what_a_member_has_from_its_organization_is_read_as_the_hub_knew_it(cast: Connection):
    organization_becomes(cast, JANUARY, recorded_at=MAY, tier="silver")
    organization_becomes(cast, MARCH, recorded_at=JULY, tier="bronze")
    tiers = {
        before: [life(cast, "bo", before).at(time).values["tier"] for time in (JANUARY, MARCH)]
        for before in (MAY, MAY + 1, JULY + 1, None)
    }
    assert tiers == {
        MAY: ["gold", "gold"],
        MAY + 1: ["silver", "silver"],
        JULY + 1: ["silver", "bronze"],
        None: ["silver", "bronze"],
    }
    acme = lookup.organizations(cast, ["acme"])["acme"]
    known = [of_organization(cast, acme, before).at(MARCH).values.get("tier") for before in (JANUARY, MAY, MAY + 1)]
    assert known == [None, "gold", "silver"]
    assert of_organization(cast, acme, JANUARY).at(MARCH).organization == acme


def test_who_was_not_known_yet_has_no_timeline(cast: Connection):
    becomes(cast, MemberRecord("di", MemberProfile("Di")), JANUARY, recorded_at=MAY)
    known = lookup.members(cast, ["bo", "di"])
    numbers = [member.no for member in known.values()]
    assert timelines(cast, numbers, MAY).keys() == {known["bo"].no}
    assert timelines(cast, numbers, MAY + 1).keys() == set(numbers)
    assert timelines(cast, numbers, JANUARY) == {}


def test_of_rows_recorded_in_one_instant_the_last_is_known_after_it(cast: Connection):
    for region in ("latam", "apac", "amer"):
        becomes(cast, BO, MARCH, recorded_at=MAY, region=region)
    regions = [life(cast, "bo", before).at(MARCH).values["region"] for before in (MAY, MAY + 1, None)]
    assert regions == ["emea", "amer", "amer"]
    assert learned(cast, "bo") == [JANUARY, MAY]


def test_a_clock_that_was_set_back_leaves_one_row_an_instant(cast: Connection):
    becomes(cast, BO, MARCH, recorded_at=JULY, region="latam")
    becomes(cast, BO, MARCH, recorded_at=MAY, region="apac")
    for before in (MAY + 1, JULY, JULY + 1, None):
        lived = life(cast, "bo", before)
        assert (lived.at(MARCH).values["region"], list(lived.starts)[1:]) == ("apac", [MARCH])
    assert learned(cast, "bo") == [JANUARY, MAY]


def test_the_hub_learns_of_a_member_with_its_first_row(cast: Connection):
    becomes(cast, MemberRecord("di", MemberProfile("Di")), JANUARY, recorded_at=MAY)
    assert learned(cast, "di") == [MAY]
    assert learned(cast, "di", MAY + 1) == learned(cast, "di", 0, MAY) == []
    assert learned(cast, "di", MAY, MAY + 1) == [MAY]


def test_what_an_organization_was_before_it_had_a_member_is_not_learned_of_the_member(cast: Connection):
    organization_becomes(cast, MARCH, recorded_at=MARCH, tier="silver")
    becomes(cast, MemberRecord("di", MemberProfile("Di", organization="acme")), JANUARY, recorded_at=MAY)
    assert learned(cast, "di") == [MAY]


def test_a_first_row_that_says_something_else_only_of_the_time_before_it_is_learned(cast: Connection):
    organization_becomes(cast, MARCH, recorded_at=MARCH, region="latam")
    di = MemberRecord("di", MemberProfile("Di", organization="acme"))
    becomes(cast, di, MAY, recorded_at=MAY)
    becomes(cast, di, MAY, recorded_at=JULY, region="latam")
    assert [life(cast, "di", before).at(JANUARY).values["region"] for before in (JULY, None)] == ["emea", "latam"]
    assert learned(cast, "di") == [MAY, JULY]


def test_the_hub_learns_by_rows_of_the_member_and_of_its_organizations_and_by_targets(cast: Connection):
    becomes(cast, BO, JULY, recorded_at=MARCH, organization="globex")
    becomes(cast, BO, MARCH, recorded_at=MARCH, roles=("marketing",))
    organization_becomes(cast, MAY, recorded_at=MAY, tier="silver")
    aims(cast, "50000", JULY)
    aims(cast, "60000", NOW)
    assert learned(cast, "bo") == [JANUARY, MARCH, MAY, JULY, NOW]
    assert learned(cast, "bo", MARCH + 1, NOW) == [MAY, JULY]
    assert learned(cast, "ada") == [JANUARY, MAY]
    assert learned(cast, "cy") == [JANUARY]


def test_what_changes_nothing_for_the_engine_is_not_learned(cast: Connection):
    becomes(cast, BO, JULY, recorded_at=MARCH, organization="globex")
    becomes(cast, BO, JANUARY, recorded_at=MAY, name="Bo Berg", email="bo@acme.example", listed=False)
    becomes(cast, BO, MARCH, recorded_at=MAY, title="Rep")
    # Bo is with another by then, and this row of Acme says of July what Acme was before.
    organization_becomes(cast, NOW, recorded_at=MAY, tier="silver")
    organization_becomes(cast, MAY, recorded_at=MAY, name="Acme Ltd")
    assert learned(cast, "bo", MARCH + 1) == []
    assert learned(cast, "ada", MARCH + 1) == [MAY]


def test_to_and_fro_in_one_instant_is_not_learned(cast: Connection):
    aims(cast, "50000", MARCH)
    aims(cast, "60000", MAY)
    aims(cast, "50000", MAY)
    becomes(cast, BO, JANUARY, recorded_at=MAY, region="latam")
    becomes(cast, BO, JANUARY, recorded_at=MAY)
    assert learned(cast, "bo") == [JANUARY, MARCH]


def test_a_row_dated_ahead_is_learned_when_it_is_written(cast: Connection):
    becomes(cast, BO, JULY, recorded_at=MAY, roles=("marketing",))
    assert learned(cast, "bo") == [JANUARY, MAY]
    refresh_due(cast, JULY)
    assert learned(cast, "bo") == [JANUARY, MAY]


def test_what_was_learned_of_many_comes_at_once(cast: Connection):
    known = lookup.members(cast, ["ada", "bo", "cy", "fay"])
    becomes(cast, BO, MARCH, recorded_at=MAY, roles=("marketing",))
    numbers = [member.no for member in known.values()]
    assert changes(cast, [*numbers, 999_999], 0, NOW) == {
        no: [JANUARY, MAY] if no == known["bo"].no else [JANUARY] for no in numbers
    }
    assert changes(cast, numbers, MAY, NOW) == {known["bo"].no: [MAY]}
    assert changes(cast, [], 0, NOW) == {}


@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_in_what_was_known_then_can_be_read_later(cast: Connection, seed: int):
    dice, people = random.Random(seed), lookup.members(cast, ["ada", "bo", "cy"])
    numbers = [member.no for member in people.values()]
    shown = {JANUARY: seen(cast, numbers)}
    clock = JANUARY
    for _ in range(60):
        clock += dice.choice([0, 0, 1, 7])
        something_comes_in(cast, dice, clock)
        shown[clock] = seen(cast, numbers)
    for time, told in shown.items():
        assert seen(cast, numbers, time + 1) == told
    learned = changes(cast, numbers, JANUARY + 1, clock + 1)
    assert learned == {
        no: times
        for no in numbers
        if (times := [now for then, now in pairwise(shown) if shown[now][no] != shown[then][no]])
    }
    assert sum(map(len, learned.values())) > 10


def seen(connection: Connection, numbers: list[int], known_before: int | None = None) -> dict[int, Any]:
    """What the engine sees of these members: at every time at which that may change, and their targets."""
    lived = timelines(connection, numbers, known_before)
    own = targets.own(connection, numbers, known_before)
    times = range(JANUARY - 1, JANUARY + 12)
    told = {no: [replace(timeline.at(time), listed=True) for time in times] for no, timeline in lived.items()}
    return {no: (stretches, own.get(no)) for no, stretches in told.items()}


def something_comes_in(connection: Connection, dice: random.Random, now: int) -> None:
    since, kind = JANUARY + dice.randrange(10), dice.randrange(4)
    if kind == 0:
        profile = replace(ACME.profile, tier=dice.choice(["gold", "silver"]), name=dice.choice(["Acme", "Acme Ltd"]))
        record = OrganizationRecord(dice.choice(["acme", "globex"]), profile, since)
        organizations.upsert(connection, [record], now)
    elif kind == 1:
        told = TargetRecord("quarter_revenue", dice.choice(["ada", "bo"]), "2026-Q4", dice.choice(["1", "2"]))
        targets.upsert(connection, [told], now)
    else:
        changed = {"organization": dice.choice(["acme", "globex", None]), "listed": dice.choice([True, False])}
        changed["region"] = dice.choice(["latam", None])
        members.upsert(connection, [MemberRecord("bo", replace(BO.profile, **changed), (), since)], now)
