"""Samples of what one works with: what a badge takes, people to reach, the other portals."""

from __future__ import annotations

from fractions import Fraction

from hub import clock
from hub.gamification.windows import Calendar
from hub.home.samples.sample import Sample
from hub.widgets.contacts import query as contacts
from hub.widgets.kpi import query as kpi
from hub.widgets.links import query as links
from hub.widgets.list import query as lists
from hub.widgets.my_partners import query as my_partners
from hub.widgets.next_action import query as next_action
from hub.widgets.requirements import query as requirements
from hub.widgets.told import Condition
from hub.wording import Quantity

CALENDAR = Calendar("Europe/Berlin")


def samples(now: int) -> tuple[Sample, ...]:
    return (
        Sample("next_action", "with a bonus", "small", next_action.Values(_step(now), ())),
        Sample("next_action", "wide", "wide", next_action.Values(_step(now), _put(now))),
        Sample("next_action", "behind, nothing to open", "small", next_action.Values(_catch_up(), ())),
        Sample("next_action", "all hidden", "small", next_action.Values(None, _put(now))),
        Sample("next_action", "nothing to do", "small", next_action.Values(None, ())),
        Sample("requirements", "several conditions", "small", requirements.Values(badge=_all_rounder(now))),
        Sample("requirements", "all earned", "small", requirements.Values(badge=_earned(now))),
        Sample("requirements", "a goal", "small", requirements.Values(goal=_goal(now))),
        Sample("requirements", "wide", "wide", requirements.Values(badge=_all_rounder(now))),
        Sample("requirements", "empty", "small", requirements.Values()),
        Sample("kpi", "more than before", "small", _kpi(now, Quantity(21_300, "EUR"), Quantity(18_000, "EUR"))),
        Sample("kpi", "a share, less", "small", _kpi(now, _percent(41), _percent(45))),
        Sample("kpi", "empty", "small", kpi.Values("member", None, CALENDAR.window("month", now), None, None, None)),
        Sample("kpi", "all time", "wide", _mdf(now)),
        Sample("list", "full", "small", _claims(now)),
        Sample("list", "wide", "wide", _claims(now)),
        Sample("list", "empty", "small", lists.Values((), 0, "Claim")),
        Sample("my_partners", "full", "small", _partners(now)),
        Sample("my_partners", "wide", "wide", _partners(now)),
        Sample("my_partners", "full width", "full", _partners(now)),
        Sample("my_partners", "all quiet", "small", my_partners.Values(3, (), (), (), _quiet(now), 0, 3)),
        Sample("my_partners", "empty", "small", my_partners.Values(0, (), (), (), ())),
        Sample("contacts", "full", "small", _contacts()),
        Sample("contacts", "wide", "wide", _contacts()),
        Sample("contacts", "empty", "small", contacts.Values("Acme", ())),
        Sample("links", "full", "small", _links()),
        Sample("links", "wide", "wide", _links()),
        Sample("links", "empty", "small", links.Values(())),
    )


def _step(now: int) -> next_action.Step:
    return next_action.Step(
        key="register_deal",
        title="Register your next deal",
        text="Who registers early is first in line for support.",
        icon="handshake",
        link="https://prm.example/deals/new",
        away=True,
        reason=next_action.Reason("idle", "Deal registered", days=14, last_at=now - 17 * clock.DAY),
        bonus=50,
        bonus_until=now + 4 * clock.DAY,
        earns=(next_action.Earns(10, None), next_action.Earns(1, Quantity(100, "EUR"))),
        helps=(
            next_action.Helps("Deal maker", "Silver", is_goal=False, share=Fraction(7, 10)),
            next_action.Helps("Revenue this quarter", None, is_goal=True, share=Fraction(62, 100)),
        ),
        noted=True,
    )


def _catch_up() -> next_action.Step:
    pace = next_action.Reason("pace", goal="Revenue this quarter", share=Fraction(62, 100), due=Fraction(72, 100))
    return next_action.Step("catch_up", "Win two more deals", "", "target", None, False, pace, 0, None, (), (), True)


def _put(now: int) -> tuple[next_action.Put, ...]:
    return (
        next_action.Put("learn", "Finish the cloud course", now + 6 * clock.DAY),
        next_action.Put("invite", "Invite a colleague", None),
    )


def _all_rounder(now: int) -> requirements.Badge:
    conditions = (
        Condition("metric", "Deals won", Quantity(5), Quantity(5)),
        Condition("metric", "Revenue", Quantity(31_000, "EUR"), Quantity(50_000, "EUR"), CALENDAR.window("month", now)),
        Condition("streak", "Days in a row", Quantity(3), Quantity(20)),
        Condition("badge", "Graduate", Quantity(0), Quantity(1), tier="Gold"),
        Condition("level", "Captain", Quantity(1_340), Quantity(3_000)),
    )
    return requirements.Badge(
        title="All-rounder",
        text="For those who sell, learn and look around.",
        tier=None,
        metal="plain",
        icon="layers",
        conditions=conditions,
        count=3,
        share=Fraction(58, 100),
        points=40,
        earned_at=None,
        why=None,
        all_earned=False,
        changed_at=now - clock.DAY,
    )


def _earned(now: int) -> requirements.Badge:
    return requirements.Badge(
        title="Deal maker",
        text="",
        tier="Gold",
        metal="gold",
        icon="handshake",
        conditions=(),
        count=0,
        share=Fraction(1),
        points=0,
        earned_at=now - 2 * clock.DAY,
        why="e_00000000",
        all_earned=True,
        changed_at=now - 2 * clock.DAY,
    )


def _goal(now: int) -> requirements.Goal:
    window = CALENDAR.window("quarter", now)
    revenue = Condition("metric", "Revenue", Quantity(31_000, "EUR"), Quantity(50_000, "EUR"), window)
    return requirements.Goal(
        title="Revenue this quarter",
        text="Licenses and subscriptions, without services.",
        condition=revenue,
        at_most=False,
        status="open",
        points=500,
        badge="Quarter hero",
        changed_at=now - 2 * clock.HOUR,
    )


def _percent(hundredths: int) -> Quantity:
    return Quantity(Fraction(hundredths, 100), "%")


def _kpi(now: int, value: Quantity, before: Quantity) -> kpi.Values:
    window = CALENDAR.window("month", now)
    last = CALENDAR.window("month", window.start - 1)
    difference = Fraction(value.value) - Fraction(before.value)
    change = (
        kpi.Change(difference * 100, "points", before, last)
        if value.unit == "%"
        else kpi.Change(difference / Fraction(before.value), "part", before, last)
    )
    return kpi.Values("member", "Acme", window, value, change, now - 2 * clock.HOUR)


def _mdf(now: int) -> kpi.Values:
    window = CALENDAR.window("all", now)
    return kpi.Values("organization", "Acme", window, Quantity(1_234_567, "EUR"), None, now - clock.DAY)


def _claims(now: int) -> lists.Values:
    rows = (
        lists.Row("C-2026-0471", "In review", ("€1,200",), now - 3 * clock.HOUR),
        lists.Row("C-2026-0466", "Paid", ("€640", "Handled by: Sam Ito"), now - 2 * clock.DAY),
        lists.Row("SPIF-Q4-CLOUD-MIGRATION-0009", "Rejected", ("€80",), now - 9 * clock.DAY),
    )
    return lists.Values(rows, 14, "Claim")


def _partners(now: int) -> my_partners.Values:
    moving = (
        my_partners.Partner(
            "nordic", "Nordic Systems", now - 2 * clock.HOUR, 1_240, 3, 5, "Elif Kaya", "elif@x.example"
        ),
        my_partners.Partner("acme", "Acme", now - clock.DAY, 610, 2, 2, "Bo Lind"),
        my_partners.Partner("harbor", "Harbor Partners & Sons GmbH", now - 3 * clock.DAY, 35, 1, 8, "Jon Berg"),
    )
    quarter = CALENDAR.window("quarter", now)
    goal = my_partners.Goal("acme", "Acme", "Our quarter", quarter, Quantity(9_400, "EUR"), Fraction(91, 100))
    deals = Condition("metric", "Deals won", Quantity(9), Quantity(10))
    badge = my_partners.Badge(
        "bo", "Bo Lind", "Acme", "Deal maker", "Silver", "silver", "handshake", deals, Fraction(9, 10)
    )
    return my_partners.Values(14, moving, (goal,), (badge,), _quiet(now), 9, 3)


def _quiet(now: int) -> tuple[my_partners.Partner, ...]:
    return (
        my_partners.Partner("globex", "Globex", now - 16 * clock.DAY, 0, 0, 4, "Cy Tanaka", "cy@x.example"),
        my_partners.Partner("initech", "Initech", now - 41 * clock.DAY, 0, 0, 2, "Mara Vogel"),
        my_partners.Partner("umbra", "Umbra", None, 0, 0, 1, "Lee Wong"),
    )


def _contacts() -> contacts.Values:
    return contacts.Values(
        "Acme",
        (
            contacts.Contact("Fay Moreau", "Field team · Channel manager", "fay@vendor.example", "+49 30 12345"),
            contacts.Contact("Sam Ito", "Support team", "sam@vendor.example", None),
            contacts.Contact("Lena Vogelsang-Oberhuber", "Support team · Second level", None, "+49 89 555 12"),
        ),
    )


def _links() -> links.Values:
    sell = (
        links.Link("Register a deal", "https://prm.example/deals/new", "handshake", away=True),
        links.Link("Price list and configurator", "https://prm.example/prices", "tag", away=True),
    )
    learn = (
        links.Link("Courses and certifications", "https://lms.example", "graduation-cap", away=True),
        links.Link("How to earn", "/earn", "arrow-right", away=False),
    )
    return links.Values((links.Group("Close a deal", sell), links.Group("Get certified", learn)))
