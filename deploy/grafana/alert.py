"""What a rule is, before it has Grafana's form."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Alert"]


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule. ``query``: 1 where it holds, else 0; ``lasting``: for how long before it fires (``5m``)."""

    name: str
    group: str
    title: str
    summary: str
    query: str
    lasting: str
    no_data: str
    severity: str
