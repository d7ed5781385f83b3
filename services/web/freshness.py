"""How fresh the page is: as of when, and how far the view is behind the ledger."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.web.audited import AuditSeen, audit_slot, public_slot
from services.web.painting import Slots
from services.web.texts import Language, translator
from services.web.wording import moment, number

__all__ = ["Freshness", "LevelWatch", "freshness_slots"]

_MARK_EVERY: Final = 0.5
_MOST_MARKS: Final = 20_000
"""Marks kept: of some hours, after which the oldest goes and the lag shown grows no more."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """The state of the view. `as_of` in microseconds; `seconds_behind` in real time, also under a simulated clock."""

    as_of: int
    position: int
    ledger_position: int | None
    """The ledger's last sequence; None: the ledger cannot be reached."""
    seconds_behind: float
    problem: bool
    """The tables could not be read the last time."""
    audit: AuditSeen | None = None
    """The last audit as far as it may be told; None: there was none."""
    public_day: date | None = None
    """The day of the public figures that stand in the place of those of others; None: there are none."""

    @property
    def events_behind(self) -> int | None:
        """How many events of the ledger are not in yet; None when the ledger cannot be reached."""
        return None if self.ledger_position is None else max(0, self.ledger_position - self.position)


class LevelWatch:
    """Measures for how long the view has been behind: the age of the oldest mark of the ledger it has not reached."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int]] = deque(maxlen=_MOST_MARKS)

    def seconds_behind(self, now: float, position: int, ledger_position: int | None) -> float:
        """Note where the ledger is at `now` (monotonic seconds), and return the seconds that the view is behind."""
        marks = self._marks
        while marks and marks[0][1] <= position:
            marks.popleft()
        if ledger_position is not None and ledger_position > position:
            moved = not marks or (marks[-1][1] < ledger_position and now - marks[-1][0] >= _MARK_EVERY)
            if moved:
                marks.append((now, ledger_position))
        return now - marks[0][0] if marks else 0.0


def freshness_slots(fresh: Freshness, language: Language, *, simulated: bool, lag: bool = True) -> Slots:
    """Write `asof`, `lag`, `audit`, `public`, `problem` and (for a simulated clock) `clock`.

    `lag`: whether how far the view is behind may be told, as to who sees everything; `public` is empty for those.
    """
    t = translator(language)
    at = moment(fresh.as_of, language, seconds=not simulated)
    behind = fresh.events_behind
    if not lag:
        how_far = ("", "")
    elif behind is None:
        how_far = (t("ledger_away"), "away")
    elif behind == 0:
        how_far = (t("level"), "level")
    else:
        seconds = number(math.floor(fresh.seconds_behind), language)
        how_far = (t("behind", count=behind, n=number(behind, language), seconds=seconds), "behind")
    slots: Slots = {
        "asof": (t("as_of", moment=at), ""),
        "lag": how_far,
        "audit": audit_slot(fresh.audit, fresh.as_of, language),
        "public": ("", "") if lag else public_slot(fresh.public_day, language),
        "problem": (t("problem") if fresh.problem else "", ""),
    }
    if simulated:
        slots["clock"] = (at, "")
    return slots
