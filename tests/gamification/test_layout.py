"""How states, parts and tallies are laid out is numbered: what another number laid out, the hub folds anew."""

from __future__ import annotations

from pathlib import Path

import msgspec

from hub.gamification.progress import LAYOUT, State
from tests.gamification.play import play

WRITTEN = Path(__file__).with_name("layout.json")

PROGRAM = """
metrics:
  deals: {event: deal.won, take: count}
  mean: {event: deal.won, take: average, of: amount}
  top: {event: deal.won, take: max, of: amount}
  last: {event: deal.won, take: latest, of: amount}
  names: {event: deal.won, take: distinct, of: deal}
  days: {event: deal.won, take: days}
  rate: {share: deals, of: names}
  best: {event: deal.won, take: average, of: amount, by: product}
points: {sold: {event: deal.won, award: 5, once_per: deal, cooldown: 1m, cap: {points: 50, per: day}}}
caps: {fair: {rules: [sold], points: 99, times: 9, per: week}}
badges:
  maker: {metric: deals, tiers: [{name: X, at_least: 1}, {name: Y, at_least: 2}]}
  monthly: {when: {metric: deals, at_least: 1, within: month}, repeat: true}
  record: {personal_best: {metric: top, minimum: 1}}
  graduate: {when: {metric: best, at_least: 1}, repeat: true}
streaks: {daily: {event: deal.won, every: day, freezes: {start: 1, earn_every: 2, max: 3}}}
goals: {week: {metric: mean, window: week, target: 2, reward: {points: 3}}}
leaderboards:
  firms: {metric: best, window: month, whose: organization}
  newest: {metric: last, window: week, whose: organization}
  kinds: {metric: names, window: all, whose: organization}
levels: {low: {at: 0}, high: {at: 5}}
actions: {sell: {title: Sell, event: deal.won, when: {idle: 1d}, bonus: {points: 1, within: 7d}, again_after: 2d}}
"""
STORY = """
mon bo wins amount=2.5 deal=a product=box
tue bo pauses from=2026-11-18 to=2026-11-18
thu 09:30+01:00 bo wins amount=4 deal=b product=box
tue+1 bo wins amount=3 deal=b product=bag
"""


def laid_out() -> dict[str, object]:
    profile = {"organization": 7, "time_zone": "Asia/Tokyo"}
    told = play(PROGRAM, STORY, now="sun+1", profiles={"bo": {"": profile}}).people["bo"].compared()
    names = ("facts", "kept facts", "ended", "posted", "values", "reached")
    shown = {name: value for name, value in told.items() if name not in names}
    shown["organizations"] = {"/".join(map(str, key)): part for key, part in told["organizations"].items()}
    return {"layout": LAYOUT, "order": State.__slots__, **shown}


def test_a_layout_has_its_number() -> None:
    """Where this fails, raise LAYOUT, and write the file anew: what stands is not what this hub would lay out."""
    assert msgspec.json.decode(msgspec.json.encode(laid_out())) == msgspec.json.decode(WRITTEN.read_bytes())
