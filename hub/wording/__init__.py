"""How numbers, amounts, times and titles are said to a person: by her locale, in her time zone.

`listen` says who a request speaks to, and `speak` says it for this request alone. A locale whose language is not
translated keeps its country's numbers and dates around English words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.core import get_global
from flask import Flask, current_app, g, has_app_context, has_request_context
from flask_babel import Babel, get_translations, gettext, refresh

from hub import clock
from hub.gamification.numbers import Exact
from hub.gamification.windows import Window

TRANSLATED = ("en",)
WORLD = "001"
DECIMALS = 2
HUES = 6


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value and its unit: an ISO 4217 currency, `%` (the value is a share of 1), any other, or none."""

    value: Exact
    unit: str | None = None


def init(app: Flask) -> None:
    Babel(app, locale_selector=_tag, timezone_selector=_zone_name)
    # As Flask-Babel does it, but the language is looked up once a request and not for each word.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: translations().ugettext(text),
        lambda one, more, n: translations().ungettext(one, more, n),
        newstyle=True,
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        number=number,
        signed=signed,
        quantity=quantity,
        percent=percent,
        day=day,
        moment=moment,
        instant=instant,
        window=window,
        weekday=weekday,
        date_of=date_of,
        short_date=short_date,
        short_month=short_month,
        month_of=month_of,
        newest=newest,
        initials=initials,
        hue=hue,
    )
    app.jinja_env.globals.update(language=language, direction=direction)


def listen(app: Flask, whom: Callable[[], tuple[str | None, str | None]]) -> None:
    """Ask `whom` for locale and zone, once a request, when the first word is said."""
    app.extensions["hub_wording"] = whom


def speak(locale: str | None, time_zone: str | None) -> None:
    """From here on this request speaks to somebody with this locale and zone; None or unknown: English, UTC."""
    g.hub_listener = (locale_of(locale), zone_of(time_zone))
    g.pop("hub_translations", None)
    refresh()


def translations() -> Any:
    """The words of the language that is spoken, looked up once a request."""
    if not has_app_context():
        return get_translations()
    if "hub_translations" not in g:
        g.hub_translations = get_translations()
    return g.hub_translations


@lru_cache(maxsize=1024)
def locale_of(tag: str | None) -> Locale:
    """The locale that words and numbers are written in for a tag such as `de-AT`."""
    try:
        wanted = Locale.parse((tag or "en").replace("-", "_"))
    except (ValueError, TypeError, UnknownLocaleError):
        return Locale("en")
    if wanted.language in TRANSLATED:
        return wanted
    try:
        return Locale("en", wanted.territory or _country_of(wanted.language))
    except UnknownLocaleError:
        return Locale("en", WORLD)


def _country_of(language: str) -> str:
    """The country that a language without one most likely means."""
    likely: str = get_global("likely_subtags").get(language, WORLD)
    return likely.rpartition("_")[2]


@lru_cache(maxsize=1024)
def zone_of(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ValueError, OSError, KeyError):
        return ZoneInfo("UTC")


def locale() -> Locale:
    return _listener()[0]


def zone() -> tzinfo:
    return _listener()[1]


def _listener() -> tuple[Locale, tzinfo]:
    if not has_request_context():
        return locale_of(None), zone_of(None)
    if "hub_listener" not in g:
        tag, name = current_app.extensions.get("hub_wording", _nobody)()
        g.hub_listener = (locale_of(tag), zone_of(name))
    listener: tuple[Locale, tzinfo] = g.hub_listener
    return listener


def _nobody() -> tuple[None, None]:
    return None, None


def language() -> str:
    """The language of the words, for `lang`."""
    return str(locale().language)


def direction() -> str:
    """The direction of the writing, for `dir`."""
    return str(locale().text_direction)


def _tag() -> str:
    return str(locale())


def _zone_name() -> str:
    return str(zone())


# Texts


def said(texts: Mapping[str, str], key: str, speaking: str = "en") -> str:
    """A program text in a language: translated, else as written, else made from its key (`won_deal`: Won deal)."""
    for wanted in (speaking, speaking.split("_")[0].split("-")[0], "", "en"):
        if text := texts.get(wanted):
            return text
    return next(iter(texts.values()), "") or humane(key)


def humane(key: str) -> str:
    words = key.replace("_", " ").replace(".", " ").strip()
    return words[:1].upper() + words[1:]


def initials(name: str) -> str:
    """The first letters of the first and the last word, for an avatar."""
    words = [word for word in re.split(r"[\s\-_.]+", name) if word and unicodedata.category(word[0])[0] in "LN"]
    ends = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in ends).upper() or "?"


def hue(name: str) -> int:
    """Which of the avatars' colours a name has: always the same one."""
    return crc32(name.encode()) % HUES


# Numbers


def number(value: Exact) -> str:
    return _number(value, locale())


@lru_cache(maxsize=4096)
def _number(value: Exact, writing: Locale) -> str:
    return str(numbers.format_decimal(_decimal(value), format="#,##0.##", locale=writing))


def signed(value: int) -> str:
    """With a plus or a real minus sign."""
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return sign + number(abs(value))


def percent(share: Exact) -> str:
    """A share of 1 in whole percent, rounded down: 99.9 % is not yet 100."""
    return _percent(int(Fraction(share) * 100), locale())


@lru_cache(maxsize=1024)
def _percent(whole: int, writing: Locale) -> str:
    return str(numbers.format_percent(Decimal(whole) / 100, locale=writing))


def quantity(amount: Quantity) -> str:
    """A value with its unit: €31,000, 45 %, 12 h."""
    if amount.unit is None:
        return number(amount.value)
    if amount.unit == "%":
        return percent(amount.value)
    if re.fullmatch("[A-Z]{3}", amount.unit):
        return _money(_decimal(amount.value), amount.unit, locale())
    return f"{number(amount.value)} {amount.unit}"


@lru_cache(maxsize=4096)
def _money(value: Decimal, currency: str, writing: Locale) -> str:
    whole = value == value.to_integral_value()
    pattern = writing.currency_formats["standard"].pattern
    form = re.sub(r"([.,])0+(?=[^0#]|$)", "", pattern) if whole else pattern
    return str(numbers.format_currency(value, currency, format=form, locale=writing, currency_digits=not whole))


def _decimal(value: Exact) -> Decimal:
    if isinstance(value, Fraction):
        value = Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(value).quantize(Decimal(1).scaleb(-DECIMALS), ROUND_HALF_UP)


# Times


def instant(at: int) -> str:
    """An instant for machines, to the second, in UTC."""
    return clock.moment(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(at: int) -> str:
    """Date and time: 22 Nov 2026, 14:05."""
    local = _local(at)
    return f"{_date(local.date())}, {dates.format_time(local, 'short', locale=locale())}"


def day(at: int) -> str:
    return _date(_local(at).date())


def weekday(ordinal: int) -> str:
    """The weekday of a date, in as few letters as possible."""
    return _formatted(date.fromordinal(ordinal), "EEEEEE", locale())


def date_of(ordinal: int) -> str:
    return _formatted(date.fromordinal(ordinal), "full", locale())


def short_date(ordinal: int) -> str:
    """A date without its year: 22 Nov."""
    return str(dates.format_skeleton("MMMd", date.fromordinal(ordinal), locale=locale()))


def short_month(ordinal: int) -> str:
    return _formatted(date.fromordinal(ordinal), "LLL", locale())


def month_of(one: Window) -> str:
    """The short name of a window that is a month."""
    return short_month(date.fromisoformat(f"{one.name}-01").toordinal())


def newest(several: Iterable[Any]) -> int | None:
    """When the last of these values changed."""
    return max((one.changed_at for one in several if one.changed_at is not None), default=None)


def _local(at: int) -> datetime:
    return clock.moment(at).astimezone(zone())


def window(one: Window) -> str:
    """A window by its name: November 2026, Q4 2026, Week 47, 2026, All time."""
    name = one.name
    if name == "all":
        return str(gettext("All time"))
    if week := re.fullmatch(r"(\d{4})-W(\d\d)", name):
        return str(gettext("Week %(week)s, %(year)s", week=int(week[2]), year=week[1]))
    if quarter := re.fullmatch(r"(\d{4})-(Q[1-4])", name):
        return f"{quarter[2]} {quarter[1]}"
    if re.fullmatch(r"\d{4}", name):
        return name
    if re.fullmatch(r"\d{4}-\d\d", name):
        return _formatted(date.fromisoformat(f"{name}-01"), "LLLL y", locale())
    return _dates(name)


def _dates(name: str) -> str:
    """A day, a week that does not begin on a Monday (`2026-11-22w`), or a span of two dates."""
    first, _, until = name.partition("/")
    start = _date(date.fromisoformat(first.removesuffix("w")))
    if first.endswith("w"):
        return str(gettext("Week of %(day)s", day=start))
    if not until:
        return start
    return f"{start} \u2013 {_date(date.fromordinal(date.fromisoformat(until).toordinal() - 1))}"


def _date(one: date) -> str:
    return _formatted(one, "medium", locale())


@lru_cache(maxsize=4096)
def _formatted(one: date, form: str, writing: Locale) -> str:
    return str(dates.format_date(one, form, locale=writing))
