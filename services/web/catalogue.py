"""Which topics there are, by the names that pages follow them by."""

from __future__ import annotations

import re
from typing import Final

from projections.register.areas import area_of
from services.web.frame import KEYS
from services.web.map import MapTopic, read_name
from services.web.municipality import MunicipalityTopic
from services.web.now import NowTopic
from services.web.topics import TableTopic, Topic
from services.web.within import codes_within

__all__ = ["make_topic"]

_PLACE: Final = re.compile(r"GM\d{4}|unknown")


def make_topic(name: str) -> Topic | None:
    """Make the topic of a name, `kind:what`; None when there is none of that name."""
    kind, colon, what = name.partition(":")
    if not colon:
        return None
    if kind == "table":
        key, _, area = what.partition(":")
        return TableTopic(key, codes_within(area)) if key in KEYS and _is_area(area) else None
    if kind == "now":
        return NowTopic(what, codes_within(what)) if _is_area(what) else None
    if kind == "map":
        view = read_name(what)
        return MapTopic(view) if view is not None else None
    if kind == "municipality":
        code, _, key = what.partition(":")
        return MunicipalityTopic(code, key) if _PLACE.fullmatch(code) and key in KEYS else None
    return None


def _is_area(code: str) -> bool:
    return not code or area_of(code) is not None
