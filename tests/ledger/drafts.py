"""Changes of the crowd's program, as an admin might think of: each takes the parsed file and changes it in place."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from random import Random
from typing import Any

import msgspec

from hub.gamification import source
from hub.gamification.faults import Faults
from tests.ledger.crowd import PROGRAM

Sections = dict[str, Any]
Change = Callable[[Sections, Random], None]


def base() -> Sections:
    faults = Faults()
    loaded = source.load(PROGRAM.read_text(), faults)
    assert not faults.faults
    assert isinstance(loaded, dict)
    return deepcopy(loaded)


def text(program: Sections) -> str:
    """JSON is YAML."""
    return msgspec.json.Encoder(decimal_format="number").encode(program).decode()


def pays_more(program: Sections, random: Random) -> None:
    for rule in _rules(program, "view_asset"):
        rule["award"] = random.choice([1, 7, 30])
    for rule in _rules(program, "won_deal"):
        rule["award"]["for_every"] = random.choice([50, 100, 333])


def caps_otherwise(program: Sections, random: Random) -> None:
    for rule in _rules(program, "won_deal"):
        rule["cap"] = random.choice(
            [[{"points": 40, "per": "day"}], [{"times": 3, "per": "week"}, {"points": 900, "per": "quarter"}]]
        )
    program["caps"]["fair_use"]["points"] = random.choice([100, 5000])


def asks_otherwise(program: Sections, random: Random) -> None:
    for rule in _rules(program, "view_asset"):
        rule.update(random.choice([{"once_per": True}, {"cooldown": "7d"}, {"cap": {"times": 1, "per": "month"}}]))
    for rule in _rules(program, "won_deal"):
        rule["where"] = {"amount": {"at_least": random.choice([1, 4000])}}


def _rules(program: Sections, key: str) -> list[Any]:
    """The rule, where it is still there."""
    return [program["points"][key]] if key in program["points"] else []


def drops_a_rule(program: Sections, random: Random) -> None:
    key = random.choice([key for key in program["points"] if key != "answer"])
    del program["points"][key]
    for section in ("caps", "boosts"):
        for entry in program.get(section, {}).values():
            entry["rules"] = [rule for rule in entry["rules"] if rule != key] or ["answer"]


def adds_a_rule(program: Sections, random: Random) -> None:
    program["points"]["lost"] = {"event": "deal.lost", "award": random.choice([4, -4])}
    program["points"]["never"] = {"event": "asset.viewed", "award": 9, "where": {"asset": "no such asset"}}


def boosts(program: Sections, random: Random) -> None:
    program["boosts"]["autumn"]["factor"] = random.choice([2, "11/10"])
    program["boosts"]["gold"] = {"rules": ["answer"], "factor": 3, "for": {"tier": "gold"}}


def adds_a_badge(program: Sections, random: Random) -> None:
    sold, earned = random.choice([2, 5]), random.choice([30, 500])
    program["badges"]["seller"] = {"when": {"metric": "deals_won", "at_least": sold}, "points": 70}
    program["badges"]["earner"] = {"when": {"metric": "points_earned", "at_least": earned}, "points": 1}


def drops_a_badge(program: Sections, random: Random) -> None:
    for key in random.sample(["explorer", "graduate", "regular", "new_best", "gold_only", "winner", "on_target"], 2):
        program["badges"].pop(key, None)
        program["badges"].pop("all_rounder", None)


def moves_tiers(program: Sections, random: Random) -> None:
    tiers = program["badges"].get("deal_maker", {}).get("tiers")
    if tiers:
        tiers[1]["at_least"] = random.choice([2, 20])
        tiers[2:] = [{"name": random.choice(["Gold", "Platinum"]), "at_least": 24}]


def changes_points_of_badges(program: Sections, random: Random) -> None:
    for key in ("deal_maker", "sprinter", "explorer"):
        if key in program["badges"]:
            program["badges"][key]["points"] = random.choice([1, 55])


def hardens_badges(program: Sections, random: Random) -> None:
    for key, needed in (("explorer", 30), ("content", 5), ("gold_only", 9)):
        badge = program["badges"].get(key)
        if badge and "metric" in badge["when"]:
            badge["when"]["at_least"] = random.choice([1, needed])


def locks_a_badge(program: Sections, random: Random) -> None:
    key = random.choice([key for key in program["badges"] if key != "high"])
    program["badges"][key]["state"] = random.choice(["locked", "draft"])


def changes_a_metric(program: Sections, random: Random) -> None:
    program["metrics"]["modules_done"] = random.choice(
        [
            {"event": "module.completed", "take": "count", "by": "course"},
            {"event": "module.completed", "take": "max", "of": "module", "by": "course"},
        ]
    )
    program["metrics"]["revenue"]["where"] = {"amount": {"less_than": 5000}}


def changes_goals(program: Sections, random: Random) -> None:
    program["goals"]["month_revenue"] = {
        "metric": "revenue", "window": "month", "target": random.choice([2000, 50_000]), "reward": {"points": 25},
    }  # fmt: skip
    program["goals"]["weekly"] = {"metric": "assets_seen", "window": "week", "target": 2, "reward": {"points": 3}}
    program["goals"].pop(random.choice(["more", "together"]), None)


def changes_levels(program: Sections, random: Random) -> None:
    program["levels"] = {"starter": {"at": 0}, "pro": {"at": random.choice([100, 900])}, "legend": {"at": 1500}}


def changes_streaks(program: Sections, random: Random) -> None:
    every = random.choice(["day", "business_day", "week"])
    program["streaks"]["daily"] = {"event": ["deal.won", "asset.viewed", "module.completed"], "every": every}


def moves_the_calendar(program: Sections, random: Random) -> None:
    program["program"]["time_zone"] = random.choice(["Asia/Tokyo", "America/New_York"])
    program["program"]["week_starts"] = random.choice(["monday", "sunday"])


def declares_a_type(program: Sections, random: Random) -> None:
    """Events of which are in the log, held."""
    worth = {"type": "integer", "required": random.choice([True, False])}
    program["events"]["lead.won"] = {"attributes": {"worth": worth}}
    program["metrics"]["leads"] = {"event": "lead.won", "take": "count"}
    program["badges"]["leader"] = {"when": {"metric": "leads", "at_least": 1}, "points": 8}
    program["points"]["lead"] = {"event": "lead.won", "award": 6}


def drops_a_type(program: Sections, random: Random) -> None:  # noqa: ARG001
    program["events"].pop("rule.broken", None)
    program["points"].pop("fine", None)


def declares_an_attribute(program: Sections, random: Random) -> None:
    """That the log has texts of, and now is a number."""
    program["events"]["asset.viewed"]["attributes"]["seconds"] = {"type": "number"}
    program["metrics"]["watched"] = {"event": "asset.viewed", "take": "sum", "of": "seconds"}
    program["badges"]["watcher"] = {"when": {"metric": "watched", "at_least": random.choice([1, 9])}, "points": 2}


CHANGES: tuple[Change, ...] = (
    pays_more, caps_otherwise, asks_otherwise, drops_a_rule, adds_a_rule, boosts, adds_a_badge, drops_a_badge,
    moves_tiers, changes_points_of_badges, hardens_badges, locks_a_badge, changes_a_metric, changes_goals,
    changes_levels, changes_streaks, moves_the_calendar, declares_a_type, drops_a_type, declares_an_attribute,
)  # fmt: skip
