"""From what an issuer says of somebody to a role and an area here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from services.web.access.areas import checked_area, make_viewer
from services.web.access.viewer import Role, Viewer

__all__ = ["RoleMap", "read_role"]

_WIDEST: Final = (Role.NATIONAL, Role.EVALUATOR, Role.REGION, Role.MUNICIPALITY)
_NAMES: Final = ("name", "preferred_username", "email", "sub")
_LONGEST_NAME: Final = 100


def read_role(text: str) -> tuple[Role, str]:
    """Read `national`, `evaluator`, `region:VR01` or `municipality:GM0014`. Raises ValueError with the rule."""
    role, _, area = text.partition(":")
    return checked_area(role, area), area


class RoleMap:
    """Which values of which claim give which role.

    Without `given`, a value is itself a role as `read_role` reads it; with it, only the values that it names count.
    """

    def __init__(self, claim: str, given: Mapping[str, str] | None = None) -> None:
        """`claim`: its name, or a path with points (`realm_access.roles`). Raises ValueError for what is no role."""
        self._claim = claim
        self._given = {value: read_role(role) for value, role in given.items()} if given else None

    def viewer(self, claims: Mapping[str, Any]) -> Viewer | None:
        """Make the viewer of somebody with these claims; None: nothing that we know gives a role.

        Who has several roles has the widest, and the municipalities of all of them.
        """
        roles = sorted(self._roles(self._values(claims)), key=lambda found: _WIDEST.index(found[0]))
        if not roles:
            return None
        name = next((text for key in _NAMES if isinstance(text := claims.get(key), str) and text.strip()), "")
        name = "".join(c for c in name.strip()[:_LONGEST_NAME] if c.isprintable())
        viewers = [make_viewer(role, area, name) for role, area in roles]
        if any(viewer.codes is None for viewer in viewers):
            return viewers[0]
        return replace(viewers[0], codes=frozenset().union(*(viewer.codes or () for viewer in viewers)))

    def _roles(self, values: Iterable[str]) -> list[tuple[Role, str]]:
        found = []
        for value in values:
            if self._given is not None:
                if value in self._given:
                    found.append(self._given[value])
                continue
            try:
                found.append(read_role(value))
            except ValueError:
                continue  # a role in some other system of the organisation
        return found

    def _values(self, claims: Mapping[str, Any]) -> list[str]:
        value: Any = claims.get(self._claim)
        if value is None:
            value = claims
            for step in self._claim.split("."):
                value = value.get(step) if isinstance(value, Mapping) else None
        values = value if isinstance(value, list) else [value]
        return [each for each in values if isinstance(each, str)]
