"""Closures in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from services.web import wording
from services.web.frame import Notice
from services.web.rows import name_of
from services.web.texts import Language, translator

__all__ = ["Told", "told"]

_MOST_NAMED: Final = 4
"""Up to how many municipalities of a closure are named; more are counted."""


class Told(NamedTuple):
    """A closure in words."""

    name: str
    sectors: tuple[str, ...]
    days: str
    regime: str
    where: str


def told(notices: Iterable[Notice], language: Language) -> list[Told]:
    """Put closures into words, in their order."""
    t = translator(language)
    found = []
    for notice in notices:
        start = wording.day(notice.starts, language)
        if notice.until is None:
            days = t("closure_open_end", start=start)
        else:
            days = t("closure_days", start=start, until=wording.day(notice.until, language))
        where = ""
        if notice.municipalities is not None and len(notice.municipalities) <= _MOST_NAMED:
            where = t("closure_where", where=", ".join(name_of(code, language) for code in notice.municipalities))
        elif notice.municipalities is not None:
            where = t("closure_where_many", n=len(notice.municipalities))
        regime = t(f"regime_{notice.regime}") if notice.regime else ""
        found.append(Told(notice.name, notice.sectors, days, regime, where))
    return found
