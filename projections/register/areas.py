"""Areas by code: the country, provinces, safety regions and municipalities.

A province or safety region is the municipalities that lie in it. Each code of a municipality has its own: Weesp lay in
Gooi en Vechtstreek, and what it became part of lies in Amsterdam-Amstelland.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from projections.register import Municipality, codes_between, municipalities

__all__ = ["COUNTRY", "Area", "AreaKind", "area_of", "areas", "members", "province_of", "region_of"]


class AreaKind(StrEnum):
    """What an area is, from large to small."""

    COUNTRY = "country"
    PROVINCE = "province"
    REGION = "region"
    """A safety region (veiligheidsregio)."""
    MUNICIPALITY = "municipality"


@dataclass(frozen=True, slots=True)
class Area:
    """One area; ``code`` is ``NL``, ``PV20``, ``VR01`` or ``GM0014``, ``name`` its Dutch name."""

    kind: AreaKind
    code: str
    name: str


COUNTRY: Final = Area(AreaKind.COUNTRY, "NL", "Nederland")

_PROVINCES: Final = {
    "Groningen": "PV20",
    "Fryslân": "PV21",
    "Drenthe": "PV22",
    "Overijssel": "PV23",
    "Flevoland": "PV24",
    "Gelderland": "PV25",
    "Utrecht": "PV26",
    "Noord-Holland": "PV27",
    "Zuid-Holland": "PV28",
    "Zeeland": "PV29",
    "Noord-Brabant": "PV30",
    "Limburg": "PV31",
}
"""By name, as CBS writes it: the code that CBS gave it."""


@cache
def _register() -> dict[str, Municipality]:
    return {municipality.code: municipality for municipality in municipalities()}


@cache
def _all() -> dict[str, Area]:
    register = _register().values()
    regions = {known.safety_region: known.safety_region_name for known in register}
    found = [
        COUNTRY,
        *(Area(AreaKind.PROVINCE, code, name) for name, code in _PROVINCES.items()),
        *(Area(AreaKind.REGION, code, name) for code, name in sorted(regions.items())),
        *(Area(AreaKind.MUNICIPALITY, known.code, known.name) for known in register),
    ]
    return {area.code: area for area in found}


def area_of(code: str) -> Area | None:
    """Give the area of a code, also of a municipality that has ended; None where there is no such area."""
    return _all().get(code)


def areas(kind: AreaKind, day: int) -> tuple[Area, ...]:
    """Give the areas of a kind that hold a municipality on ``day`` (a proleptic ordinal), in the order of the codes."""
    codes = codes_between(day, day)
    found = {above.code for code in codes if (above := _above(code, kind)) is not None}
    return tuple(_all()[code] for code in sorted(found))


def members(code: str, first: int, last: int) -> tuple[str, ...]:
    """Give the municipalities of an area whose code is valid on some day from ``first`` up to and including ``last``.

    A municipality is its own only member. Residence unknown belongs to no area, so also not to the country's members.

    Raises:
        ValueError: there is no such area.

    """
    area = area_of(code)
    if area is None:
        raise ValueError("there is no area with this code")
    return tuple(gm for gm in codes_between(first, last) if _above(gm, area.kind) == area)


def region_of(gm: str) -> Area | None:
    """Give the safety region of a municipality's code; None where the register does not know the code."""
    return _above(gm, AreaKind.REGION)


def province_of(gm: str) -> Area | None:
    """Give the province of a municipality's code; None where the register does not know the code."""
    return _above(gm, AreaKind.PROVINCE)


def _above(gm: str, kind: AreaKind) -> Area | None:
    known = _register().get(gm)
    if known is None:
        return None
    if kind is AreaKind.COUNTRY:
        return COUNTRY
    if kind is AreaKind.PROVINCE:
        return _all()[_PROVINCES[known.province]]
    return _all()[known.safety_region if kind is AreaKind.REGION else known.code]
