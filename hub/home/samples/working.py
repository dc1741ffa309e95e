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
from hub.widgets.requirements import query as requirements
from hub.widgets.told import Condition
from hub.wording import Quantity

CALENDAR = Calendar("Europe/Berlin")


def samples(now: int) -> tuple[Sample, ...]:
    return (
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
        Sample("contacts", "full", "small", _contacts()),
        Sample("contacts", "wide", "wide", _contacts()),
        Sample("contacts", "empty", "small", contacts.Values("Acme", ())),
        Sample("links", "full", "small", _links()),
        Sample("links", "wide", "wide", _links()),
        Sample("links", "empty", "small", links.Values(())),
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
