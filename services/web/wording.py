"""Numbers, days and moments as the page writes them, in both languages; moments in Europe/Amsterdam."""

from __future__ import annotations

import unicodedata
from datetime import date

from events.times import AMSTERDAM, from_micros, week_monday
from services.web.texts import Language

__all__ = ["day", "day_and_month", "first_day", "fold", "moment", "number", "signed", "week_number"]

_MONTHS: dict[Language, tuple[str, ...]] = {
    "nl": tuple(
        "januari februari maart april mei juni juli augustus september oktober november december".split()  # noqa: SIM905
    ),
    "en": tuple(
        "January February March April May June July August September October November December".split()  # noqa: SIM905
    ),
}
_SHORT_MONTHS: dict[Language, tuple[str, ...]] = {
    "nl": ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def number(value: int, language: Language) -> str:
    """Write a whole number with its thousands apart: 7.031 in Dutch, 7,031 in English."""
    text = f"{value:,}"
    return text.replace(",", ".") if language == "nl" else text


def decimal(tenths: int, language: Language) -> str:
    """Write a number of tenths with one decimal: 1.234,5 in Dutch, 1,234.5 in English."""
    return f"{number(tenths // 10, language)}{',' if language == 'nl' else '.'}{tenths % 10}"


def signed(value: int, language: Language) -> str:
    """Write a change with its sign (a true minus); 0 has none."""
    if value == 0:
        return "0"
    return ("+" if value > 0 else "−") + number(abs(value), language)


def day(value: date, language: Language) -> str:
    """Write a day: 16 maart 2020."""
    return f"{value.day} {_MONTHS[language][value.month - 1]} {value.year}"


def day_and_month(value: date, language: Language) -> str:
    """Write a day shortly: 16 mrt."""
    return f"{value.day} {_SHORT_MONTHS[language][value.month - 1]}"


def week_number(week: str) -> str:
    """Write an ISO week without its year: 2020-W09 as 9."""
    return str(int(week[6:]))


def first_day(week: str, language: Language) -> str:
    """Write the Monday with which a week begins: 2020-W14 as 30 mrt."""
    return day_and_month(date.fromordinal(week_monday(week)), language)


def moment(micros: int, language: Language, *, seconds: bool = True) -> str:
    """Write an instant in Amsterdam's time: 22 april 2020, 14:05:09."""
    local = from_micros(micros).astimezone(AMSTERDAM)
    return f"{day(local.date(), language)}, {local:{'%H:%M:%S' if seconds else '%H:%M'}}"


def fold(name: str) -> str:
    """Fold a name for sorting and searching: Súdwest-Fryslân as sudwest-fryslan, 's-Graveland as s-graveland."""
    decomposed = unicodedata.normalize("NFD", name.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lstrip("'’ ")
