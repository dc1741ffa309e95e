"""Members come in as whole profiles; the same again changes nothing, and a name never means two people."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import Column, Connection, Select, delete, insert, select
from sqlalchemy.exc import IntegrityError

from hub.directory import lookup, members, organizations
from hub.directory.members import MemberProfile, MemberRecord
from hub.directory.organizations import OrganizationRecord
from hub.directory.tables import deactivations, member_profiles
from hub.signals import notices, refolds
from tests.directory.conftest import JANUARY, JULY, MARCH, NOW, ORGANIZATIONS, PEOPLE

BO = PEOPLE[1]


def take(connection: Connection, *records: MemberRecord, at: int = NOW) -> list[str]:
    return [outcome.status for outcome in members.upsert(connection, records, at).outcomes]


def faults(connection: Connection, record: MemberRecord) -> list[tuple[str, str]]:
    (outcome,) = members.upsert(connection, [record], NOW).outcomes
    return [(fault.path, fault.code) for fault in outcome.faults]


def bo(valid_from: int | None = None, **changed: Any) -> MemberRecord:
    return MemberRecord("bo", replace(BO.profile, **changed), (), valid_from)


def rows(connection: Connection) -> list[tuple[int, str]]:
    """Since when Bo is called what, as the hub knows it now."""
    t = member_profiles.c
    now = connection.execute(_bo(connection, t.valid_from, t.name).where(t.superseded_at.is_(None)))
    return [(valid_from, name) for valid_from, name in now.all()]


def ever(connection: Connection) -> list[tuple[int, str, int, int | None]]:
    """Since when Bo was called what, and since when and until when the hub knew that, in the order of recording."""
    t = member_profiles.c
    told = _bo(connection, t.valid_from, t.name, t.recorded_at, t.superseded_at).order_by(None).order_by(t.no)
    return [tuple(row) for row in connection.execute(told)]


def _bo(connection: Connection, *columns: Column[Any]) -> Select[Any]:
    t = member_profiles.c
    member = lookup.member(connection, "bo")
    assert member is not None
    return select(*columns).where(t.member == member.no).order_by(t.valid_from)


def waiting(connection: Connection) -> set[str]:
    """Who is to be folded again."""
    found = lookup.members(connection, ["ada", "bo", "cy", "fay"]).values()
    numbers = set(connection.execute(select(refolds.c.member)).scalars())
    return {member.id for member in found if member.no in numbers}


def test_the_same_file_again_changes_nothing(cast: Connection):
    assert take(cast, *PEOPLE) == ["unchanged"] * 4
    assert waiting(cast) == set()


def test_a_first_row_without_valid_from_holds_from_now(hub: Connection):
    assert take(hub, MemberRecord("bo", MemberProfile("Bo"))) == ["accepted"]
    assert rows(hub) == [(NOW, "Bo")]


def test_a_row_without_valid_from_that_equals_the_newest_changes_nothing(cast: Connection):
    assert take(cast, bo()) == ["unchanged"]
    assert take(cast, bo(name="Bo Berg")) == ["accepted"]
    assert take(cast, bo(name="Bo Berg"), at=NOW + 5) == ["unchanged"]
    assert rows(cast) == [(JANUARY, "Bo Lind"), (NOW, "Bo Berg")]


def test_a_row_of_the_same_instant_takes_the_place_of_the_one_before_which_stays_in_the_record(cast: Connection):
    assert take(cast, bo(JANUARY, name="Bo Berg")) == ["accepted"]
    assert rows(cast) == [(JANUARY, "Bo Berg")]
    assert ever(cast) == [(JANUARY, "Bo Lind", JANUARY, NOW), (JANUARY, "Bo Berg", NOW, None)]
    assert take(cast, bo(JANUARY, name="Bo Berg")) == ["unchanged"]
    assert take(cast, bo(JANUARY), at=NOW + 5) == ["accepted"]
    assert ever(cast)[1:] == [(JANUARY, "Bo Berg", NOW, NOW + 5), (JANUARY, "Bo Lind", NOW + 5, None)]


def test_of_two_rows_of_one_instant_in_one_file_the_second_alone_is_recorded(cast: Connection):
    assert take(cast, bo(MARCH, name="Bo"), bo(MARCH, name="Bo Berg")) == ["accepted"] * 2
    assert ever(cast) == [(JANUARY, "Bo Lind", JANUARY, None), (MARCH, "Bo Berg", NOW, None)]


def test_what_is_known_now_is_one_row_an_instant(cast: Connection):
    with pytest.raises(IntegrityError):
        cast.execute(insert(member_profiles).from_select(*_again(cast)))


def _again(connection: Connection) -> tuple[list[str], Select[Any]]:
    """The columns of Bo's row, and that row, to be inserted once more."""
    columns = [column for column in member_profiles.c if column.name != "no"]
    return [column.name for column in columns], _bo(connection, *columns)


def test_a_row_that_holds_already_at_that_instant_changes_nothing(cast: Connection):
    assert take(cast, bo(MARCH)) == ["unchanged"]


def test_to_and_fro_in_one_file_is_kept_in_any_order(cast: Connection):
    told = [bo(JULY), bo(MARCH, name="Bo Berg"), bo(JANUARY)]
    assert take(cast, *told) == ["unchanged", "accepted", "unchanged"]
    assert take(cast, bo(JULY)) == ["accepted"]
    assert take(cast, bo(JULY), bo(MARCH, name="Bo Berg"), bo(JANUARY)) == ["unchanged"] * 3
    assert rows(cast) == [(JANUARY, "Bo Lind"), (MARCH, "Bo Berg"), (JULY, "Bo Lind")]


def test_a_row_before_the_first_is_kept_even_if_it_says_the_same(cast: Connection):
    take(cast, bo(JANUARY - 1))
    take(cast, bo(JANUARY, name="Bo Berg"))
    assert rows(cast) == [(JANUARY - 1, "Bo Lind"), (JANUARY, "Bo Berg")]


def test_a_changed_past_folds_the_member_again(cast: Connection):
    take(cast, bo(MARCH, roles=("marketing",)))
    assert waiting(cast) == {"bo"}


def test_a_new_member_has_nothing_to_fold_again(cast: Connection):
    assert waiting(cast) == set()


def test_a_change_of_the_organization_folds_all_again_who_ever_belonged_to_it(cast: Connection):
    take(cast, bo(MARCH, organization="globex"))
    cast.execute(delete(refolds))
    acme = ORGANIZATIONS[0]
    organizations.upsert(cast, [OrganizationRecord("acme", replace(acme.profile, tier="silver"), NOW)], NOW)
    assert waiting(cast) == {"ada", "bo"}


def test_who_watches_a_member_is_told(cast: Connection):
    cast.execute(delete(notices))
    take(cast, bo(name="Bo Berg"))
    member = lookup.member(cast, "bo")
    assert member is not None
    told = {topic for text in cast.execute(select(notices.c.topics)).scalars() for topic in msgspec.json.decode(text)}
    assert told == {"directory", f"member/{member.no}"}


def test_new_names_are_told(cast: Connection):
    di = MemberRecord("di", MemberProfile("Di"), ("lms:1",))
    assert members.upsert(cast, [di], NOW).appeared == ["di", "lms:1"]
    assert members.upsert(cast, [replace(di, aliases=("lms:1", "di", "lms:2"))], NOW).appeared == ["lms:2"]
    assert members.names(cast, lookup.members(cast, ["lms:2"])["lms:2"].no) == ["di", "lms:1", "lms:2"]


def test_an_alias_of_somebody_else_is_a_conflict(cast: Connection):
    assert faults(cast, MemberRecord("di", MemberProfile("Di"), ("lms:4711",))) == [("aliases", "conflict")]
    assert faults(cast, MemberRecord("di", MemberProfile("Di"), ("ada",))) == [("aliases", "conflict")]
    assert lookup.member(cast, "di") is None


def test_an_id_that_is_somebodys_alias_is_a_conflict(cast: Connection):
    assert faults(cast, MemberRecord("lms:4711", MemberProfile("Di"))) == [("id", "conflict")]


def test_of_two_that_claim_a_name_in_one_file_the_first_has_it(cast: Connection):
    claims = [MemberRecord(id_, MemberProfile(id_), ("lms:9",)) for id_ in ("di", "ed")]
    assert take(cast, *claims) == ["accepted", "rejected"]


@pytest.mark.parametrize(
    ("changed", "path", "code"),
    [
        ({"name": ""}, "name", "missing"),
        ({"name": "x" * 256}, "name", "too_long"),
        ({"name": "Bo\tLind"}, "name", "text"),
        ({"email": "bo"}, "email", "email"),
        ({"email": "a@b@c"}, "email", "email"),
        ({"organization": "nowhere"}, "organization", "unknown_organization"),
        ({"organization": ""}, "organization", "unknown_organization"),
        ({"organization": "no\0where"}, "organization", "unknown_organization"),
        ({"roles": ("Sales Rep",)}, "roles", "key"),
        ({"time_zone": "Berlin"}, "time_zone", "time_zone"),
        ({"time_zone": "localtime"}, "time_zone", "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone", "time_zone"),
        ({"locale": "klingon"}, "locale", "locale"),
        ({"tags": ("a|b",)}, "tags", "text"),
        ({"tags": ("x" * 101,)}, "tags", "too_long"),
        ({"tags": tuple(f"t{i}" for i in range(101))}, "tags", "too_long"),
        ({"phone": "1\x7f2"}, "phone", "text"),
        ({"title": "x" * 256}, "title", "too_long"),
        ({"region": "\ud800"}, "region", "text"),
    ],
)
def test_a_wrong_field_is_named_and_changes_nothing(cast: Connection, changed: dict[str, Any], path: str, code: str):
    assert faults(cast, bo(**changed)) == [(path, code)]
    assert rows(cast) == [(JANUARY, "Bo Lind")]


@pytest.mark.parametrize(
    ("id_", "code"), [("", "missing"), ("x" * 256, "too_long"), ("a\nb", "text"), ("a\0b", "text"), ("\udfff", "text")]
)
def test_a_wrong_id_is_named(cast: Connection, id_: str, code: str):
    assert faults(cast, MemberRecord(id_, MemberProfile("Di"))) == [("id", code)]
    assert faults(cast, MemberRecord("di", MemberProfile("Di"), (id_,))) == [("aliases", code)]


def test_a_time_out_of_this_world_is_refused(cast: Connection):
    assert faults(cast, bo(-(10**17))) == [("valid_from", "time")]


@pytest.mark.parametrize("id_", ["x" * 255, "Bo Lind", " bo", "BO", "蒲", "' OR 1=1 --", "%s", "a;b", "{}"])
def test_any_other_text_is_an_id(cast: Connection, id_: str):
    assert take(cast, MemberRecord(id_, MemberProfile("Di"))) == ["accepted"]
    found = lookup.member(cast, id_)
    assert found is not None
    assert found.id == id_


def test_a_bad_record_does_not_hinder_the_others(cast: Connection):
    assert take(cast, bo(locale="x!"), bo(name="Bo Berg")) == ["rejected", "accepted"]


def test_a_deactivated_member_is_known_and_not_active(cast: Connection):
    known = lookup.members(cast, ["bo"])["bo"]
    assert members.deactivate(cast, known.no, "operator", "left", NOW)
    assert not members.deactivate(cast, known.no, "operator", "left", NOW)
    assert lookup.members(cast, ["lms:4711"])["lms:4711"].active is False
    person = lookup.profile_now(cast, known.no, NOW)
    assert person is not None
    assert not person.active
    take(cast, bo(name="Bo Berg"))
    assert members.search(cast, "bo") == []


def test_a_reactivated_member_may_have_events_waiting_under_all_names(cast: Connection):
    known = lookup.members(cast, ["bo"])["bo"]
    assert members.reactivate(cast, known.no, NOW) == []
    members.deactivate(cast, known.no, "operator", None, NOW)
    assert members.reactivate(cast, known.no, NOW) == ["bo", "bo@acme.example", "lms:4711"]
    assert lookup.members(cast, ["bo"])["bo"].active
    assert members.reactivate(cast, known.no, NOW) == []


def test_a_deactivation_that_is_over_stays_in_the_record(cast: Connection):
    bo, ada = (lookup.members(cast, ["bo", "ada"])[name].no for name in ("bo", "ada"))
    members.deactivate(cast, bo, "operator", "left", MARCH)
    members.reactivate(cast, bo, JULY)
    assert members.deactivate(cast, bo, "key/1", None, NOW)
    t = deactivations.c
    told = cast.execute(select(t.at, t.by, t.reason, t.ended_at).where(t.member == bo).order_by(t.no)).all()
    assert [tuple(row) for row in told] == [(MARCH, "operator", "left", JULY), (NOW, "key/1", None, None)]
    then = {time: bo in lookup.active(cast, [bo, ada], time) for time in (MARCH, MARCH + 1, JULY, JULY + 1, NOW)}
    assert then == {MARCH: True, MARCH + 1: False, JULY: False, JULY + 1: True, NOW: True}
    assert lookup.active(cast, [bo, ada, 999_999]) == lookup.active(cast, [bo, ada, 999_999], NOW + 1) == {ada}


def test_nobody_was_active_before_the_hub_knew_them(cast: Connection):
    bo = lookup.members(cast, ["bo"])["bo"].no
    assert lookup.active(cast, [bo], JANUARY) == set()
    assert lookup.active(cast, [bo], JANUARY + 1) == {bo}


def test_who_leaves_and_returns_in_one_instant_was_never_away(cast: Connection):
    bo = lookup.members(cast, ["bo"])["bo"].no
    for _ in range(2):
        assert members.deactivate(cast, bo, "operator", None, NOW)
        assert members.reactivate(cast, bo, NOW)
    assert lookup.active(cast, [bo], NOW) == lookup.active(cast, [bo], NOW + 1) == lookup.active(cast, [bo]) == {bo}


def test_people_are_found_by_how_their_name_begins(cast: Connection):
    take(cast, MemberRecord("aa", MemberProfile("ADAM Ångström")))
    assert [found.id for found in members.search(cast, "aDa")] == ["ada", "aa"]
    assert [found.id for found in members.search(cast, "ada b")] == ["ada"]
    assert members.search(cast, "") == members.search(cast, "\0") == members.search(cast, "%") == []
    acme = lookup.organizations(cast, ["acme"])["acme"]
    assert [found.id for found in members.search(cast, "a", within=[acme])] == ["ada"]
    assert len(members.search(cast, "ada", limit=1)) == 1


def test_the_profile_of_that_time_is_what_a_change_of_one_field_starts_from(cast: Connection):
    take(cast, bo(MARCH, name="Bo"), bo(NOW + 5, name="Bo Berg"))
    take(cast, bo(MARCH, name="Bo L."))
    known = lookup.members(cast, ["bo"])["bo"]
    names = [members.profile_at(cast, known.no, time) for time in (JANUARY - 1, MARCH - 1, MARCH, NOW, NOW + 5)]
    told = ["Bo Lind", "Bo Lind", "Bo L.", "Bo L.", "Bo Berg"]
    assert names == [replace(BO.profile, name=name) for name in told]
    assert members.profile_at(cast, 999_999, NOW) is None
