"""Which figures an address shows, and so who may ask for it.

What is not named here is for those who see every figure: a new page is closed until it says whom it shows what.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import HTTPConnection

from services.web.access.viewer import Viewer

__all__ = ["LIVE", "area_of", "is_open", "may_see", "shows_exact"]

LIVE: Final = "/live"
_OPEN: Final = re.compile(r"/(uitleg|aanmelden(/.*)?|afmelden|health(/.*)?|static/.*|favicon\.ico)")
"""Pages without any figure."""
_BY_VIEWER: Final = re.compile(r"(?!)")
"""Pages that show everyone what that viewer may see: exact figures of the own area, ranges of others. None so far."""
_PLACE: Final = re.compile(r"/gemeenten/(GM\d{4}|unknown)")
_PLACE_TOPIC: Final = re.compile(r"municipality:(GM\d{4}|unknown):\w+")
_AREA: Final = re.compile(r"NL|(PV|VR)\d{2}|GM\d{4}|unknown")
COUNTRY: Final = "NL"


def is_open(path: str) -> bool:
    """Tell whether a page holds no figures, or only such as everyone may see."""
    return _OPEN.fullmatch(path) is not None


def may_see(viewer: Viewer, connection: HTTPConnection) -> bool:
    """Tell whether somebody may ask for an address."""
    path = connection.url.path
    if viewer.all_exact or is_open(path) or _BY_VIEWER.fullmatch(path):
        return True
    if path == LIVE:
        place = _PLACE_TOPIC.fullmatch(connection.query_params.get("topic", ""))
    else:
        place = _PLACE.fullmatch(path)
    return place is not None and viewer.exact(place[1])


def area_of(viewer: Viewer, connection: HTTPConnection) -> str:
    """Give the code of the area that an address shows: its own, else the one chosen, else the viewer's."""
    place = _PLACE.fullmatch(connection.url.path)
    if place is not None:
        return place[1]
    chosen = connection.query_params.get("area", "")
    return chosen if _AREA.fullmatch(chosen) else viewer.area or COUNTRY


def shows_exact(viewer: Viewer, connection: HTTPConnection) -> bool:
    """Tell whether an address shows somebody exact figures: for the log of views."""
    path = connection.url.path
    if is_open(path) or path == LIVE or viewer.codes == frozenset():
        return False
    area = area_of(viewer, connection)
    return viewer.exact(area) if area.startswith("GM") or area == "unknown" else True
