"""Which address is for whom, and of which area it shows exact figures.

What is not named here is for those who see every figure: a new page is closed until it says whom it shows what.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import HTTPConnection

from projections.register.areas import COUNTRY, area_of
from projections.tables import UNKNOWN
from services.web.access.viewer import Viewer
from services.web.within import codes_within

__all__ = ["LIVE", "is_open", "may_see", "seen_exactly"]

LIVE: Final = "/live"
_OPEN: Final = re.compile(
    r"/(uitleg|open-data|aanmelden(/.*)?|afmelden|health(/.*)?|metrics|static/.*|favicon\.ico"
    r"|v1/(municipalities|weeks|closures|status|openapi\.json|open-data(/.*)?))"
)
"""Without any figure, or with such only as everyone may see."""
_BY_VIEWER: Final = re.compile(
    r"/(gemeenten(/[^/]*|\.(csv|svg|png))?|grafiek/\w+\.(svg|png)|kaart|toen(/(nagekomen|tabel(\.csv)?))?|live|v1(/.*)?)?"
)
"""Shows everyone what that viewer may see: exact figures of the own area, ranges of all others."""
_MAP: Final = "/kaart"
"""Shows the whole country, whatever area its address names."""
_PLACE: Final = re.compile(r"/gemeenten/(GM\d{4}|unknown)")
_TOPIC: Final = re.compile(r"(?:now|table:\w+|municipality)(?::(\w*))?(?::\w+)?")


def is_open(path: str) -> bool:
    """Tell whether an address shows nothing but what everyone may see."""
    return _OPEN.fullmatch(path) is not None


def may_see(viewer: Viewer, path: str) -> bool:
    """Tell whether somebody may ask for an address."""
    return viewer.all_exact or is_open(path) or _BY_VIEWER.fullmatch(path) is not None


def seen_exactly(viewer: Viewer, connection: HTTPConnection) -> str | None:
    """Give the code of the area of which an address shows somebody exact figures; None: of none.

    Of a larger area than the viewer's it is the viewer's: of the rest there are ranges.
    """
    if is_open(connection.url.path) or viewer.codes == frozenset():
        return None
    asked = _asked(connection)
    if viewer.codes is None:
        return asked
    if asked == UNKNOWN or asked.startswith("GM"):
        return asked if viewer.exact(asked) else None
    inside = codes_within("" if asked == COUNTRY.code else asked)
    return viewer.area if inside is None or inside & viewer.codes else None


def _asked(connection: HTTPConnection) -> str:
    """Give the code of the area that an address shows: the country, where it names none that exists, or several."""
    path, query = connection.url.path, connection.query_params
    if (place := _PLACE.fullmatch(path)) is not None:
        return place[1]
    if path == _MAP:
        return COUNTRY.code
    if path == LIVE:
        topic = _TOPIC.fullmatch(query.get("topic", ""))
        code = (topic[1] if topic is not None else "") or ""
    else:
        municipalities = query.getlist("municipality")
        code = municipalities[0] if len(municipalities) == 1 else query.get("area", "")
    return code if code == UNKNOWN or area_of(code) is not None else COUNTRY.code
