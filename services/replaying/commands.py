"""What a replay can be told, as text: `pause`, `go`, `step day`, `back week`, `jump 2020-W14`, `pace 1w/10s`."""

from __future__ import annotations

from typing import Final

from events import Rejected, day_start, local_day
from services.replaying.history import History, Point

__all__ = ["aim", "steps"]

_DAYS: Final = {"day": 1, "week": 7}


def aim(history: History, now: Point, words: str) -> Point:
    """Give the moment to which `step`, `back` or `jump` leads from another.

    A step leads to the end of the day or of the week, or (`step batch`) to the next events that became known; `back`
    to the beginning of one. Raises Rejected for what leads nowhere.
    """
    action, _, value = words.partition(" ")
    if action == "jump":
        return history.moment(value)
    if (action, value) == ("step", "batch"):
        return history.following(now.taken) or now
    if action in ("step", "back") and value in _DAYS:
        return history.at(steps(now.at, _DAYS[value], back=action == "back"))
    raise Rejected("command", "must be pause, go, step day|week|batch, back day|week, jump MOMENT or pace PACE")


def steps(at: int, days: int, *, back: bool) -> int:
    """Give the next end of a day (1) or of a week (7) after an instant, or the beginning before it."""
    day = local_day(at - 1) if back else local_day(at) + days
    return day_start(day - (day - 1) % days)
