"""The demo's program is changed, tested, published: what was said of everybody is what comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from hub import clock
from hub.demo import build
from hub.demo.build import Scale
from hub.ledger import replay, verify
from tests.ledger.foretelling import Stands, standing

Hub = Callable[..., tuple[int, str, str]]
SMALL = Scale(members=44, days=100)

#: What becomes of the demo's program, and then of that.
FIRST = {
    "award: 6, once_per: ticket": "award: 8, once_per: ticket",
    "cap: {points: 600, per: day}}\n  large_deal": "cap: {points: 200, per: day}}\n  large_deal",
    "when: {metric: assets_seen, at_least: 25}, points: 50}": "when: {metric: assets_seen, at_least: 12}, points: 50}",
    "{name: Gold, at_least: 25}, {name: Platinum": "{name: Gold, at_least: 15}, {name: Platinum",
    "at: 1000}": "at: 800}",
    "  hat_trick:": "  loyal: {title: Loyal, when: {metric: active_days, at_least: 30}, points: 30}\n  hat_trick:",
}
SECOND = {
    "award: 8, once_per: ticket": "award: 5, once_per: ticket",
    "award: 15, once_per: module": "award: 25, once_per: module",
    "factor: 2, for: {tag: newcomer}": "factor: 3, for: {tag: newcomer}",
    "at_least: 30}, points: 30}": "at_least: 20}, points: 99}",
    "at: 800}": "at: 900}",
    "personal_best: {metric: biggest_deal, minimum: 10000}, points: 25}":
        "personal_best: {metric: biggest_deal, minimum: 15000}, points: 25}",
}  # fmt: skip


def changed(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def said_of(hub: Hub, draft: Path, since: str, question: str) -> dict[str, dict[str, Any]]:
    lines = draft.with_suffix(".ndjson")
    assert hub("program", "backtest", str(draft), "--since", since, "--members", str(lines))[0] == 0
    told = [json.loads(line) for line in lines.read_text().splitlines()]
    return {one["member"]: one[question] for one in told}


def happened_to(before: Stands, after: Stands) -> dict[str, Any]:
    new = [award for key, award in sorted(after.awards.items()) if key not in before.awards]
    return {
        "points": sum(after.amounts.values()) - sum(before.amounts.values()),
        "badges": sorted((badge, tier or "", time) for kind, badge, tier, time, _ in new if kind == "badge"),
        "levels": sorted(level for kind, level, *_ in new if kind == "level"),
        "goals": sorted(after.reached - before.reached),
    }


def as_said(one: dict[str, Any] | None) -> dict[str, Any]:
    if one is None:
        return {"points": 0, "badges": [], "levels": [], "goals": []}
    badges = [(badge["badge"], badge["tier"] or "", clock.instant(badge["earned_at"])) for badge in one["badges"]]
    goals = sorted((goal["goal"], goal["window"]) for goal in one["goals"])
    return {"points": one["points"], "badges": sorted(badges), "levels": sorted(one["levels"]), "goals": goals}


def told_then_done(hub: Hub, draft: Path, question: str, *how: str) -> int:
    """For how many something changed, all of it as it was said."""
    said, before = said_of(hub, draft, "2026-10-01", question), standing()
    assert hub("program", "publish", str(draft), *how)[0] == 0
    assert hub("digest")[0] == 0
    after = standing()
    for member, stands in after.items():
        assert happened_to(before[member], stands) == as_said(said.get(member)), member
    return sum(before[member] != stands for member, stands in after.items())


@pytest.mark.parametrize("scale", [SMALL, pytest.param(Scale(), marks=pytest.mark.slow)], ids=["some", "all"])
def test_what_is_said_of_a_changed_program_is_what_publishing_it_does(
    app: Flask, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scale: Scale, wanted: str
) -> None:
    assert app
    if scale != SMALL and wanted != "slow":
        pytest.skip("takes some minutes; ask for it by -m slow")
    clock.set_source("2026-11-24T12:00:00Z")
    build.build(scale=scale)
    monkeypatch.setenv("HUB_NOW", "2026-11-25T08:00:00Z")
    draft = tmp_path / "draft.yaml"
    draft.write_text(changed(build.PROGRAM.read_text(), FIRST))
    assert told_then_done(hub, draft, "on_publishing") > scale.members // 4
    draft.write_text(changed(draft.read_text(), SECOND))
    assert told_then_done(hub, draft, "what_if", "--from", "2026-10-01", "--yes") > scale.members // 2
    assert list(verify.breaches(folds=False)) == []
    assert list(replay.differences()) == []
