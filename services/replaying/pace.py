"""How fast time goes in a replay, as text: `full`, or `1w/10s` for a week in ten seconds."""

from __future__ import annotations

import re
from typing import Final

from events import Rejected

__all__ = ["FULL", "pace_of"]

FULL: Final = "full"
"""As fast as it goes."""

_PACE: Final = re.compile(r"([0-9]{1,4})([wdhm])/([0-9]{1,4})([smh])")
_SECONDS: Final = {"w": 7 * 24 * 3600, "d": 24 * 3600, "h": 3600, "m": 60, "s": 1}


def pace_of(text: str) -> float | None:
    """Give how many seconds of then pass in a second of now; None for `full`. Raises Rejected for what is no pace."""
    if text == FULL:
        return None
    found = _PACE.fullmatch(text)
    if found is None or not int(found[1]) or not int(found[3]):
        raise Rejected(
            "pace", "must be full, or like 1w/10s: weeks, days, hours or minutes in seconds, minutes or hours"
        )
    return int(found[1]) * _SECONDS[found[2]] / (int(found[3]) * _SECONDS[found[4]])
