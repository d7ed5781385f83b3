"""Areas as options of a command."""

from __future__ import annotations

from services.system.errors import WrongUsage

__all__ = ["members_of"]


def members_of(code: str) -> frozenset[str] | None:
    """Give the municipalities of an area under every code they ever had; None: all, with residence unknown.

    Raises WrongUsage for what is no area.
    """
    from projections.register import municipalities
    from projections.register.areas import COUNTRY, area_of, members

    if area_of(code) is None:
        raise WrongUsage("--area: must be the code of an area, such as NL, PV20, VR01 or GM0014")
    if code == COUNTRY.code:
        return None
    days = [day.toordinal() for each in municipalities() for day in (each.valid_from, each.valid_until) if day]
    return frozenset(members(code, min(days), max(days)))
