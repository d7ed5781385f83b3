"""What a map shows: of which sectors, which week, areas of which kind, and in the municipal division of which day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from events.times import week_monday
from projections.register.divisions import division_of, divisions
from services.web.frame import KEYS, Frame
from services.web.query import KINDS, PER, division_days

__all__ = ["MapView", "divisions_for", "read_name", "view_of"]

_NAME: Final = re.compile(
    r"(?P<key>\w+):(?P<kind>\w+):(?P<week>\d{4}-W\d{2})?:(?P<division>\d{4}-\d{2}-\d{2})?(:(?P<per>\d+))?"
)


@dataclass(frozen=True, slots=True)
class MapView:
    """One map. An empty `week` is the last one that a closure meets, an empty `division` that of the week itself."""

    key: str = KEYS[0]
    kind: str = KINDS[0]
    week: str = ""
    division: str = ""
    per: str = ""
    """For every so many registered pupils; empty: numbers."""

    @property
    def name(self) -> str:
        """The name of what an open page follows."""
        return f"map:{self.key}:{self.kind}:{self.week}:{self.division}{self.per and ':'}{self.per}"

    def shown_week(self, frame: Frame) -> str | None:
        """Give the week that is shown, None when there is none."""
        weeks = frame.weeks[self.key]
        return self.week if self.week in weeks else weeks[-1] if weeks else None

    def shown_division(self, week: str) -> int:
        """Give the first day (an ordinal) of the division that is shown."""
        offered = divisions_for(week)
        day = date.fromisoformat(self.division).toordinal() if self.division else 0
        return day if day in offered else offered[0]


def divisions_for(week: str) -> tuple[int, ...]:
    """Give the divisions (first days) in which a week can be seen: the one of its Sunday and every later one."""
    own = division_of(week_monday(week) + 6)
    return tuple(day for day in divisions() if day >= own)


def view_of(key: str, kind: str, week: str, division: str, per: str = "") -> MapView:
    """Make a view; whatever does not exist is read as the default."""
    known = division if division in division_days() else ""
    return MapView(
        key if key in KEYS else KEYS[0], kind if kind in KINDS else KINDS[0], week, known, per if per == PER else ""
    )


def read_name(what: str) -> MapView | None:
    """Read the name of what an open page follows, without `map:`; None when it is none."""
    found = _NAME.fullmatch(what)
    if found is None:
        return None
    view = view_of(*(found[part] or "" for part in ("key", "kind", "week", "division", "per")))
    return view if view.name == f"map:{what}" else None
