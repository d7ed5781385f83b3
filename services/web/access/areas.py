"""Which municipalities belong to the area of a viewer, through the mergers of the years."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from projections.register import municipalities
from services.web.access.viewer import Role, Viewer

__all__ = ["area_name", "checked_area", "codes_of", "make_viewer"]

_WITH_AREA = (Role.REGION, Role.MUNICIPALITY)


def checked_area(role: str, area: str) -> Role:
    """Check what somebody is to be, and of which area. Raises ValueError with the rule, never with a value.

    Nobody is made `public`: that is who was given nothing.
    """
    given = [each.value for each in Role if each is not Role.PUBLIC]
    if role not in given:
        raise ValueError(f"the role must be one of {', '.join(given)}")
    found = Role(role)
    if found is Role.REGION and area not in _regions():
        raise ValueError("the area of a region must be the code of a safety region in the register, VR01 to VR25")
    if found is Role.MUNICIPALITY and area not in _successors():
        raise ValueError("the area of a municipality must be its code in the register, such as GM0014")
    if found not in _WITH_AREA and area:
        raise ValueError("this role is for the whole country: it has no area")
    return found


def codes_of(role: Role, area: str) -> frozenset[str] | None:
    """Give the codes whose exact figures a role sees in its area; None: all. An area that is none gives none.

    A safety region has every code that ever lay in it. A municipality has its own code, those that merged into it and
    those into which it merged, over any number of mergers: figures of before and after lie under different codes. A
    municipality that was split up is followed neither way, since part of it went to others.
    """
    if role in (Role.NATIONAL, Role.EVALUATOR):
        return None
    if role is Role.REGION:
        return frozenset(each.code for each in municipalities() if each.safety_region == area)
    if role is Role.MUNICIPALITY and area in _successors():
        return frozenset({area, *_later(area), *_earlier(area)})
    return frozenset()


def make_viewer(role: Role, area: str, name: str) -> Viewer:
    """Make the viewer of a role in an area."""
    return Viewer(role, area, name, codes_of(role, area))


def area_name(area: str) -> str:
    """Give the name of an area, its code when the register has none."""
    for each in municipalities():
        if each.code == area:
            return each.name
        if each.safety_region == area:
            return each.safety_region_name
    return area


@cache
def _regions() -> frozenset[str]:
    return frozenset(each.safety_region for each in municipalities())


@cache
def _successors() -> dict[str, tuple[str, ...]]:
    return {each.code: each.successors for each in municipalities()}


def _later(code: str) -> Iterator[str]:
    successors = _successors()
    while len(following := successors.get(code, ())) == 1:
        code = following[0]
        yield code


def _earlier(code: str) -> Iterator[str]:
    for earlier, successors in _successors().items():
        if successors == (code,):
            yield earlier
            yield from _earlier(earlier)
