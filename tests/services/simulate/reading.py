"""A slow and plain reading of a history: what is known at an instant, and who is unreached then (COUNTS.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from events import to_micros


def instant(text: str) -> int:
    return to_micros(datetime.fromisoformat(text))


@dataclass(frozen=True)
class Interval:
    """An unreached interval; `end` is None while nobody closed it."""

    pupil: str
    school: str
    sector: str
    begin: int
    end: int | None


@dataclass(frozen=True)
class History:
    """Events with the instants at which they were recorded, in that order.

    Of any kind: whoever asks for one kind knows its members.
    """

    lines: list[tuple[int, bytes]]
    events: list[Any]

    def of(self, kind: str) -> list[Any]:
        return [event for event in self.events if event.kind == kind]

    def known(self, at: int) -> list[Any]:
        """Events recorded by then: once each, without those retracted by then."""
        first: dict[tuple[str, str], Any] = {}
        retracted = set()
        for (recorded, _), event in zip(self.lines, self.events, strict=True):
            if recorded > at:
                break
            first.setdefault((event.source, event.id), event)
            if event.kind == "report-retracted":
                retracted.add((event.data.retracts.source, event.data.retracts.id))
        return [event for key, event in first.items() if key not in retracted]

    def intervals(self, at: int) -> list[Interval]:
        """Every unreached interval as known then."""
        return list(_intervals(self.known(at)))

    def unreached(self, at: str) -> list[Interval]:
        """Those that hold at an instant, as known then."""
        when = instant(at)
        return [i for i in self.intervals(when) if i.begin < when and (i.end is None or i.end >= when)]

    @cached_property
    def last(self) -> int:
        return self.lines[-1][0]


def _intervals(known: list[Any]) -> Iterator[Interval]:
    reports = defaultdict(list)
    for event in known:
        if event.kind in ("contact-lost", "contact-restored"):
            when = to_micros(event.data.occurred_at)
            reports[event.data.pupil].append((when, event.kind == "contact-restored", event.source, event.id, event))
    for pupil, told in reports.items():
        opened: tuple[int, Any] | None = None
        for when, restored, *_, event in sorted(told, key=lambda report: report[:4]):
            if not restored and opened is None:
                opened = when, event
            elif restored and opened is not None:
                begin, loss = opened
                if begin < when:
                    yield Interval(pupil, loss.data.school, loss.data.sector, begin, when)
                opened = None
        if opened is not None:
            yield Interval(pupil, opened[1].data.school, opened[1].data.sector, opened[0], None)
