"""Which topics there are, by the names that pages follow them by."""

from __future__ import annotations

import re
from typing import Final

from services.web.frame import KEYS
from services.web.municipality import MunicipalityTopic
from services.web.now import NowTopic
from services.web.topics import TableTopic, Topic

__all__ = ["make_topic"]

_PLACE: Final = re.compile(r"GM\d{4}|unknown")


def make_topic(name: str) -> Topic | None:
    """Make the topic of a name, `kind:what`; None when there is none of that name."""
    kind, colon, what = name.partition(":")
    if not colon:
        return None
    if kind == "table" and what in KEYS:
        return TableTopic(what)
    if kind == "now" and not what:
        return NowTopic()
    if kind == "municipality":
        code, _, key = what.partition(":")
        return MunicipalityTopic(code, key) if _PLACE.fullmatch(code) and key in KEYS else None
    return None
