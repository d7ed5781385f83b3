"""What is ours on a Grafana: the uids and names by which everything published is known again.

Whoever publishes to one Grafana for several areas gives each its own names; nothing else is ever touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["COUNTS", "MARK", "OPERATIONS", "TAG", "Names"]

TAG: Final = "kind-in-beeld"
"""The tag of every dashboard of ours."""
MARK: Final = "team@kind-in-beeld.invalid"
"""The address of mail of a team that we made (Grafana uses it for a picture alone): such a team may be removed."""
COUNTS: Final = "grafana-postgresql-datasource"
"""Grafana's own plugin for PostgreSQL, which needs no download."""
OPERATIONS: Final = "prometheus"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one publication; with an ``area`` (``VR01``, ``GM0014``) that of the area alone."""

    area: str | None = None

    def uid(self, name: str) -> str:
        """Give a uid: at most 40 characters."""
        return f"kib-{name}" if self.area is None else f"kib-{self.area.lower()}-{name}"

    @property
    def schema(self) -> str:
        """The schema of PostgreSQL that holds the tables as this publication may see them."""
        return "kindinbeeld" if self.area is None else f"kindinbeeld_{self.area.lower()}"

    def title(self, text: str) -> str:
        """Give a title that no other publication has."""
        return text if self.area is None else f"{text} ({self.area})"

    @property
    def folder(self) -> str:
        """The uid of the folder that holds everything."""
        return self.uid("folder")

    @property
    def counts(self) -> str:
        """The uid of the data source with the counts."""
        return self.uid("counts")

    @property
    def operations(self) -> str:
        """The uid of the data source about the machine."""
        return self.uid("operations")

    @property
    def receiver(self) -> str:
        """The name of the contact point."""
        return self.title("Kind in beeld")
