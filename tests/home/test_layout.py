"""Which widgets a homepage has."""

from hub.gamification.program import Placement
from hub.home import arrangement, layout
from tests.club import Club


def widgets(club: Club, who: str, only: str | None = None) -> list[str]:
    with club.looks(who) as view:
        cells = arrangement.hers(view.connection, view.program, view.member, view.now, only)
        return [cell.key.split("-")[0] for cell in cells]


def test_a_role_sees_its_homepage_in_the_programs_order(club: Club) -> None:
    assert widgets(club, "bo") == ["progress_to_goal", "points", "badges", "streak", "leaderboard"]


def test_a_placement_for_others_and_one_that_is_only_offered_are_left_out(club: Club) -> None:
    assert widgets(club, "ada") == ["points"], "Acme is gold, the board is for silver"


def test_a_role_without_a_homepage_has_the_built_in_one(club: Club) -> None:
    assert widgets(club, "fay") == ["my_partners", "progress_to_goal", "leaderboard", "points", "badges"]


def test_several_roles_are_merged_and_the_same_widget_stands_once(club: Club) -> None:
    with club.looks("bo") as view:
        both = view.member.__class__(
            **{name: getattr(view.member, name) for name in view.member.__slots__}
            | {"roles": ("partner_owner", "sales_rep")}
        )
        cells = arrangement.hers(view.connection, view.program, both, view.now)
    assert [cell.key.split("-")[0] for cell in cells] == [
        "points",
        "progress_to_goal",
        "badges",
        "streak",
        "leaderboard",
    ]
    assert cells[0].placement.title == {"": "Also my points"}, "the first role's placement holds"


def test_a_cells_key_follows_its_options_and_not_their_order() -> None:
    one = layout.cell(Placement("badges", {"only": ["a"], "show": 3}))
    same = layout.cell(Placement("badges", {"show": 3, "only": ["a"]}, size="wide"))
    other = layout.cell(Placement("badges", {"only": ["b"], "show": 3}))
    assert one is not None
    assert same is not None
    assert other is not None
    assert one.key == same.key != other.key


def test_a_widget_that_is_no_longer_installed_leaves_a_gap() -> None:
    assert layout.cell(Placement("long_gone")) is None
