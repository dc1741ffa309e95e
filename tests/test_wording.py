"""How numbers, amounts, times and titles are said."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from flask import Flask

from hub import clock, wording
from hub.gamification.windows import Window
from hub.wording import Quantity

EVENING = clock.instant("2026-11-22T23:30:00Z")


@pytest.fixture(autouse=True)
def request_of_nobody() -> Iterator[None]:
    app = Flask("wording")
    wording.init(app)
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", ("1,234.5", "€31,000", "$51,929.50", "99%", "Nov 22, 2026")),
        ("de-DE", ("1.234,5", "31.000\xa0€", "51.929,50\xa0US$", "99\xa0%", "22 Nov 2026")),
        ("de", ("1.234,5", "31.000\xa0€", "51.929,50\xa0US$", "99\xa0%", "22 Nov 2026")),
        ("xx-nonsense", ("1,234.5", "€31,000", "$51,929.50", "99%", "Nov 22, 2026")),
        (None, ("1,234.5", "€31,000", "$51,929.50", "99%", "Nov 22, 2026")),
    ],
)
def test_numbers_money_and_dates_follow_the_locale(locale: str | None, said: tuple[str, ...]) -> None:
    wording.speak(locale, "UTC")
    assert (
        wording.number(Decimal("1234.5")),
        wording.quantity(Quantity(31_000, "EUR")),
        wording.quantity(Quantity(Decimal("51929.5"), "USD")),
        wording.quantity(Quantity(Fraction(999, 1000), "%")),
        wording.day(EVENING),
    ) == said


def test_times_are_those_of_the_members_zone() -> None:
    wording.speak("en-GB", "Asia/Tokyo")
    assert wording.moment(EVENING) == "23 Nov 2026, 08:30"
    wording.speak("en-GB", "No/Where")
    assert wording.moment(EVENING) == "22 Nov 2026, 23:30"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("all", "All time"),
        ("2026", "2026"),
        ("2026-Q4", "Q4 2026"),
        ("2026-11", "November 2026"),
        ("2026-W07", "Week 7, 2026"),
        ("2026-11-22", "22 Nov 2026"),
        ("2026-11-22w", "Week of 22 Nov 2026"),
        ("2026-10-01/2027-01-01", "1 Oct 2026 – 31 Dec 2026"),
    ],
)
def test_a_window_is_said_in_words(name: str, said: str) -> None:
    wording.speak("en-GB", "UTC")
    assert wording.window(Window(name, 0, 1)) == said


def test_a_title_falls_back_to_what_was_written_and_then_to_its_key() -> None:
    texts = {"": "Deal won", "de": "Abschluss"}
    assert wording.said(texts, "won_deal", "de") == "Abschluss"
    assert wording.said(texts, "won_deal", "fr") == "Deal won"
    assert wording.said({}, "won_deal", "fr") == "Won deal"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Bo Lind", "BL"), ("Ada", "A"), ("élodie le brun", "ÉB"), ("  ", "?"), ("🦊", "?"), ("李 小龙", "李小")],
)
def test_an_avatar_has_the_initials(name: str, letters: str) -> None:
    assert wording.initials(name) == letters


def test_signs_are_real_ones() -> None:
    assert [wording.signed(amount) for amount in (120, -80, 0)] == ["+120", "\u221280", "0"]
