"""Areas as the pages offer them: the country, provinces and safety regions."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from projections.register import municipalities
from projections.register.areas import AreaKind, area_of, areas, members
from services.web.texts import Language, translator

__all__ = ["Choice", "choices", "codes_within", "name_of_area"]


class Choice(NamedTuple):
    """Areas of one kind, to choose from: its title, and codes with names."""

    title: str
    areas: tuple[tuple[str, str], ...]


@cache
def codes_within(area: str) -> frozenset[str] | None:
    """Give the municipalities in an area, those of every day; None for the whole country (an empty code)."""
    if not area:
        return None
    known = municipalities()
    first = min(each.valid_from for each in known).toordinal()
    last = max(each.valid_until or each.valid_from for each in known).toordinal() + 1
    return frozenset(members(area, first, last))


def name_of_area(area: str, language: Language) -> str:
    """Give the name of an area; of the whole country for an empty code."""
    found = area_of(area) if area else None
    return translator(language)("total") if found is None else found.name


def choices(day: int, language: Language) -> list[Choice]:
    """List the provinces and safety regions of a day, by name."""
    t = translator(language)
    return [
        Choice(t(title), tuple(sorted(((area.code, area.name) for area in areas(kind, day)), key=lambda of: of[1])))
        for kind, title in ((AreaKind.PROVINCE, "provinces"), (AreaKind.REGION, "regions"))
    ]
