"""The homepages of roles that the program gives none."""

from itertools import count

import pytest

from hub.gamification.program import BUILT_IN_ROLES, Placement, Program, read
from hub.home import built_in
from hub.widgets import kit
from tests.club import Club, publish

RICH = """
program: {name: Club, time_zone: Europe/Berlin}
roles: {alliance_lead: {like: partner_owner}, guest: {}}
events:
  deal.won: {stage: sell, attributes: {amount: {type: number, unit: EUR}}}
  lead.followed_up: {stage: market}
  campaign.launched: {stage: market}
  ticket.resolved: {stage: accelerate}
  csat.answered: {stage: accelerate, attributes: {score: {type: integer}}}
  claim.changed: {attributes: {claim: {type: text}, state: {type: text}}}
  mdf.allocated: {stage: market, about: organization, attributes: {amount: {type: number, unit: EUR}}}
  mdf.spent: {stage: market, about: organization, attributes: {amount: {type: number, unit: EUR}}}
metrics:
  revenue: {event: deal.won, take: sum, of: amount}
  won: {event: deal.won, take: count}
  leads: {event: lead.followed_up, take: count}
  campaigns: {event: campaign.launched, take: count}
  tickets: {event: ticket.resolved, take: count}
  satisfaction: {event: csat.answered, take: average, of: score}
  claims: {event: claim.changed, take: latest, of: state, by: claim}
  mdf_total: {event: mdf.allocated, take: sum, of: amount}
  mdf_used: {event: mdf.spent, take: sum, of: amount}
  mdf_available: {plus: [mdf_total], minus: [mdf_used]}
badges: {closer: {when: {metric: won, at_least: 3}}}
streaks: {daily: {event: hub.visited, every: day}}
goals:
  quarter: {metric: revenue, window: quarter, target: 1000}
  ours: {metric: revenue, window: quarter, whose: organization, target: 5000}
  leads: {metric: leads, window: quarter, target: 9}
leaderboards:
  sellers: {metric: revenue, window: month}
  service: {metric: tickets, window: month}
  partners: {metric: revenue, whose: organization, window: quarter}
actions: {sell: {event: deal.won, when: {idle: 14d}}}
"""
BARE = "program: {name: Club, time_zone: Europe/Berlin}\n"


def program(text: str) -> Program:
    found = read(text, now=0).program
    assert found
    return found


def told(placements: tuple[Placement, ...]) -> list[str]:
    """`kpi leads month`: the widget, and what its options say."""
    return [" ".join([one.widget, *map(str, one.options.values())]) for one in placements]


PAGES = {
    "sales_rep": [
        *("progress_to_goal", "next_action", "points", "requirements", "list claims", "badges", "streak daily"),
        *("leaderboard sellers", "leaderboard service", "contacts"),
    ],
    "partner_owner": [
        *("progress_to_goal", "next_action", "kpi mdf_total", "kpi mdf_used", "kpi mdf_available"),
        *("kpi revenue quarter organization", "leaderboard partners", "points", "list claims", "badges", "contacts"),
    ],
    "marketing": [
        *("progress_to_goal", "next_action", "kpi campaigns", "kpi mdf_total", "kpi mdf_used", "kpi mdf_available"),
        *("points", "list claims", "badges", "streak daily", "contacts"),
    ],
    "service_support": [
        *("progress_to_goal", "next_action", "kpi tickets month", "kpi satisfaction", "points", "requirements"),
        *("list claims", "badges", "streak daily", "leaderboard sellers", "leaderboard service", "contacts"),
    ],
    "field_team": [
        *("my_partners", "progress_to_goal", "next_action", "leaderboard sellers", "leaderboard service"),
        *("leaderboard partners", "points", "badges"),
    ],
    "support_team": [
        *("my_partners", "progress_to_goal", "next_action", "list claims", "kpi tickets month", "kpi satisfaction"),
        *("points", "badges", "streak daily"),
    ],
    "program_admin": ["leaderboard partners", "leaderboard sellers", "leaderboard service", "points"],
}


def test_every_role_has_one_of_what_its_people_come_for() -> None:
    rich = program(RICH)
    assert {role: told(built_in.page(rich, role)) for role in BUILT_IN_ROLES} == PAGES


def test_a_role_of_the_programs_own_has_what_everybody_comes_for() -> None:
    expected = ["progress_to_goal", "next_action", "points", "list claims", "badges", "streak daily"]
    boards = ["leaderboard sellers", "leaderboard service", "leaderboard partners"]
    assert told(built_in.page(program(RICH), "guest")) == [*expected, *boards]
    assert told(built_in.page(program(RICH))) == [*expected, *boards], "and so has who has no role"


def test_of_a_program_that_has_nothing_pages_say_what_will_be_there() -> None:
    bare = program(BARE)
    assert {role: told(built_in.page(bare, role)) for role in BUILT_IN_ROLES} == {
        "sales_rep": ["points", "contacts"],
        "partner_owner": ["points", "contacts"],
        "marketing": ["points", "contacts"],
        "service_support": ["points", "contacts"],
        "field_team": ["my_partners", "points"],
        "support_team": ["my_partners", "points"],
        "program_admin": ["points"],
    }


@pytest.mark.parametrize("text", [RICH, BARE], ids=["rich", "bare"])
def test_each_of_their_widgets_shows_for_everybody(cast: dict[str, int], text: str) -> None:
    """A number is read in a window that is kept, whatever the role of who looks."""
    publish(text)
    club = Club(cast, count(1))
    placed = [placement for role in BUILT_IN_ROLES for placement in built_in.page(program(text), role)]
    for who in cast:
        for placement in placed:
            kind = kit.catalogue()[placement.widget]
            with club.looks(who, **kind.widget.chosen(placement.options)) as view:
                assert not kit.render(kind, view).failed, (who, placement)
