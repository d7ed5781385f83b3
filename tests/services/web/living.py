"""A country on a real live view: what is not in its tables is read from the database beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from events import parse_instant
from projections.fold.calendar import Closure
from projections.live.message import Taken
from projections.live.tables import Tables
from services.web.source import Lag
from tests.projections.evaluation.histories import line
from tests.projections.evaluation.oracle import Said
from tests.support.live import FedView, messages_of

SOURCE = "urn:nld:oin:00000099000000001000:systeem:test"
NOW = parse_instant("2020-04-22T14:05:09+02:00")
"""Wednesday of 2020-W17."""


@dataclass
class LivingSource:
    """The tables of a live view, as the pages' server reads them; `tell` takes events in."""

    fed: FedView
    now: int = NOW
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    said: int = 0
    lines: list[str] = field(default_factory=list)

    def clock(self) -> int:
        return self.now

    def lag(self) -> Lag:
        return Lag(self.position)

    @property
    def position(self) -> int:
        return self.fed.reader.position

    def look(self, at: int) -> tuple[Tables, tuple[Closure, ...]]:
        return self.fed.reader.look(at)

    def tell(self, kind: str, occurred: str, recorded: str | None = None, **data: Any) -> None:
        """Take in an event that happened, and was recorded, on a day (or at an instant)."""
        self.said += 1
        happened = _instant(occurred)
        event = Said(SOURCE, f"e{self.said}", kind, _instant(recorded or occurred), happened, data)
        self.lines.append(line(event))
        messages = messages_of([self.lines[-1].encode()], self.position)
        assert isinstance(messages[0], Taken)
        self.fed.feed(messages, [1])


def _instant(text: str) -> int:
    return parse_instant(text if "T" in text else f"{text}T12:00:00+02:00")


def lost(pupil: int, sector: str = "po", place: str = "GM0014", household: str | None = None) -> dict[str, Any]:
    """What a loss of contact says."""
    said: dict[str, Any] = {"pupil": f"pupil--{pupil:02}", "school": "06KR00", "sector": sector}
    return said | {"municipality": place} | ({"household": household} if household else {})


def country(source: LivingSource, *, also: Callable[[LivingSource], object] = lambda _: None) -> LivingSource:
    """Groningen and Amsterdam in the first closure; `also` says what else there is before the view is read."""
    tell = source.tell
    sectors = ("po", "so", "vo", "mbo")
    closure: dict[str, Any] = {
        "closure": "one",
        "sectors": sectors,
        "from": date(2020, 3, 16),
        "until": date(2020, 4, 28),
    }
    tell("closure-announced", "2020-03-15", **closure, municipalities=None)
    for school, sector in (("06KR00", "po"), ("06KR01", "po"), ("06KR02", "vo")):
        where: dict[str, Any] = {"municipality": "GM0014", "from": date(2010, 8, 1), "until": None, "pupils": 100}
        tell("school-registered", "2020-03-01", school=school, sector=sector, **where)
    # Two of one household in two sectors, a third of it in Amsterdam.
    tell("contact-lost", "2020-03-18", **lost(1, "po", "GM0014", "househo1"))
    tell("contact-lost", "2020-04-02", **lost(2, "vo", "GM0014", "househo1"))
    tell("contact-lost", "2020-04-10", **lost(3, "po", "GM0363", "househo1"))
    tell("contact-lost", "2020-04-20", **lost(4))
    # Lost today, one found today; one that was lost in the first week is told of two weeks late.
    tell("contact-lost", "2020-04-22", **lost(5, "vo"))
    tell("contact-lost", "2020-04-16", **lost(6))
    tell("contact-restored", "2020-04-22", pupil="pupil--06", via="phone")
    tell("contact-lost", "2020-03-19", "2020-04-04", **lost(7))
    for school, week, recorded, claim in (("06KR00", 16, "2020-04-17", 4), ("06KR00", 17, "2020-04-21", 3)):
        tell("week-reported", recorded, school=school, sector="po", week=f"2020-W{week}", unreached=claim)
    tell("week-reported", "2020-04-21", school="06KR02", sector="vo", week="2020-W17", unreached=2)
    also(source)
    return source
