"""The streak widget: the run, and until when it must be extended."""

from datetime import date

from hub import clock
from hub.db import transaction
from hub.ledger import pauses
from hub.ledger.pauses import Pause, Whom
from hub.widgets import kit
from hub.widgets.streak.query import query
from tests.club import PROGRAM, Club, publish


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


def frozen() -> None:
    text = PROGRAM.read_text()
    publish(text.replace("every: day}", "every: day, freezes: {start: 2}}", 1))


def test_freezes_in_hand_and_the_days_that_used_one_are_shown(club: Club):
    frozen()
    seen(club, 19, 20, 22)
    with club.looks("bo", streak="daily_visit") as view:
        [streak] = query(view).streaks
        shown = kit.render(kit.catalogue()["streak"], view)
    assert [period.state for period in streak.periods][-5:] == ["counted", "counted", "frozen", "counted", "open"]
    assert (streak.current, streak.freezes, streak.at_risk) == (3, 1, True)
    assert "<dt>Freezes in hand</dt><dd>1</dd>" in shown.html
    assert "saved by a freeze" in shown.html
    assert '<time datetime="2026-11-24T23:00:00Z" data-relative>' in shown.html, "the freeze included"
    assert "(your freeze included)" in shown.html


def test_a_pause_is_shown_and_needs_nothing(club: Club):
    seen(club, 21, 22)
    pause = Pause("daily_visit", date(2026, 11, 23).toordinal(), date(2026, 11, 27).toordinal())
    with transaction() as connection:
        pauses.enter(connection, Whom(club.numbers["bo"], "bo", "Europe/Berlin"), pause, "test", clock.now())
    club.digests()
    with club.looks("bo", streak="daily_visit") as view:
        [streak] = query(view).streaks
        shown = kit.render(kit.catalogue()["streak"], view)
    assert [period.state for period in streak.periods][-3:] == ["counted", "counted", "paused"]
    assert (streak.current, streak.at_risk, streak.paused_until) == (2, False, date(2026, 11, 27).toordinal())
    assert "Paused until Friday, November 27, 2026." in shown.html
    assert "At risk" not in shown.html
    assert '<time datetime="2026-11-28T23:00:00Z" data-relative>' in shown.html, "the day after the pause"
