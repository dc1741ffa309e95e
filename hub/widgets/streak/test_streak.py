"""The streak widget: the run, and until when it must be extended."""

from hub.widgets import kit
from hub.widgets.streak.query import query
from tests.club import Club


def seen(club: Club, *days: int) -> None:
    for day in days:
        club.happens("bo", "asset.viewed", f"2026-11-{day:02}T09:00:00+01:00", asset=f"a-{day}")


def test_without_a_run_it_says_what_starts_one(club: Club) -> None:
    with club.looks("bo", streak="daily_visit") as view:
        [streak] = query(view).streaks
        shown = kit.render(kit.catalogue()["streak"], view)
    assert (streak.current, streak.longest) == (0, 0)
    assert "Start a run:" in shown.html
    assert "Asset viewed" in shown.html


def test_a_run_that_today_does_not_extend_yet_is_at_risk(club: Club) -> None:
    seen(club, 18, 19, 21, 22)
    with club.looks("bo", streak="daily_visit") as view:
        [streak] = query(view).streaks
        shown = kit.render(kit.catalogue()["streak"], view)
    assert (streak.current, streak.longest, streak.at_risk, streak.done) == (2, 2, True, False)
    assert [period.state for period in streak.periods][-6:] == ["counted"] * 2 + ["missed"] + ["counted"] * 2 + ["open"]
    assert "At risk" in shown.html
    assert '<time datetime="2026-11-23T23:00:00Z" data-relative>' in shown.html, "the end of the day in Berlin"


def test_done_for_today(club: Club) -> None:
    seen(club, 22, 23)
    with club.looks("bo", streak="daily_visit") as view:
        [streak] = query(view).streaks
        shown = kit.render(kit.catalogue()["streak"], view)
    assert (streak.current, streak.at_risk, streak.done) == (2, False, True)
    assert "Done for today." in shown.html
