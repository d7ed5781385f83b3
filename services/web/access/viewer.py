"""Who looks at a page, and of which municipalities that person sees exact figures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from starlette.requests import HTTPConnection

__all__ = ["NATIONAL", "PUBLIC", "Role", "Viewer", "viewer_of"]


class Role(StrEnum):
    """What someone is, and so what that person sees exactly."""

    NATIONAL = "national"
    """Coordinates for the country: everything."""
    REGION = "region"
    """Coordinates for a safety region: its municipalities."""
    MUNICIPALITY = "municipality"
    """Coordinates for a municipality: that one."""
    EVALUATOR = "evaluator"
    """Evaluates: everything."""
    PUBLIC = "public"
    """Everyone else: nothing exact."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks. `name` is how the log of exact views calls that person; never a pupil."""

    role: Role
    area: str = ""
    """The code of the area of a coordinator (`GM0014`, `VR01`); empty for every other role."""
    name: str = ""
    codes: frozenset[str] | None = frozenset()
    """The municipalities whose exact figures this viewer sees; None: all of them, and residence unknown."""

    def exact(self, code: str) -> bool:
        """Tell whether this viewer sees the exact figures of a municipality (or of `unknown`)."""
        return self.codes is None or code in self.codes

    @property
    def all_exact(self) -> bool:
        """Whether this viewer sees every figure exactly."""
        return self.codes is None


PUBLIC: Final = Viewer(Role.PUBLIC)
NATIONAL: Final = Viewer(Role.NATIONAL, codes=None)


def viewer_of(connection: HTTPConnection) -> Viewer:
    """Give who looks: as the sign-in found it; everyone sees everything where no access was ever given out."""
    found = connection.scope.get("viewer")
    return found if isinstance(found, Viewer) else NATIONAL
