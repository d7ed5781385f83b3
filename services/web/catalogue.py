"""Which topics there are, by the names that pages follow them by."""

from __future__ import annotations

from services.web.frame import KEYS
from services.web.now import NowTopic
from services.web.topics import TableTopic, Topic

__all__ = ["make_topic"]


def make_topic(name: str) -> Topic | None:
    """Make the topic of a name, `kind:what`; None when there is none of that name."""
    kind, colon, what = name.partition(":")
    if not colon:
        return None
    if kind == "table" and what in KEYS:
        return TableTopic(what)
    if kind == "now" and not what:
        return NowTopic()
    return None
