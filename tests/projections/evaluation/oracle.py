"""The definition (COUNTS) once more, as plainly as it can be said: slow, for a few pupils, and sharing nothing.

Instants are integers of microseconds since 1970 in UTC, so the instant just before τ is τ - 1. What holds of a pupil
changes only at events and at midnights, so of an interval the oracle looks at those instants alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FOUR_WEEKS = 28 * 24 * 3600 * 1_000_000
SECTORS = ("mbo", "po", "so", "vo")
COUNTS_HEADER = (
    "municipality,sector,week,unreached,unreached_during,newly_lost,restored,moved_in,moved_out,"
    "unreached_over_4_weeks,households,devices_lent_laptop,devices_lent_tablet,devices_lent_internet,"
    "door_visits_contact,door_visits_no_answer,door_visits_moved_away,door_visits_refused"
)
COVERAGE_HEADER = "municipality,sector,week,schools_expected,schools_reported,schools_on_time,claimed_unreached"


def micros(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


def midnight(day: date) -> int:
    return micros(datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM).astimezone(UTC))


def day_of(instant: int) -> date:
    return (EPOCH + instant * MICROSECOND).astimezone(AMSTERDAM).date()


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True)
class Said:
    """One event as the oracle knows it; `data` with Python's values: instants as integers, dates as dates."""

    source: str
    id: str
    kind: str
    recorded: int
    occurred: int
    data: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.id


@dataclass(frozen=True)
class Interval:
    began: int
    ended: int | None
    opened_by: Said

    def holds(self, instant: int) -> bool:
        return self.began <= instant and (self.ended is None or instant < self.ended)


class Oracle:
    """What exists as of K among `said`, the events in the order in which they stand in the file."""

    def __init__(self, said: Sequence[Said], k: int | None) -> None:
        self.k = max((event.recorded for event in said), default=0) + 1 if k is None else k
        known = [event for event in said if event.recorded <= self.k]
        first: dict[tuple[str, str], Said] = {}
        for event in sorted(known, key=lambda event: event.recorded):
            first.setdefault(event.key, event)
        retracted = {
            (event.data["source"], event.data["id"]) for event in first.values() if event.kind == "report-retracted"
        }
        self.events = [e for e in first.values() if e.kind == "report-retracted" or e.key not in retracted]
        self.pupils = sorted({event.data["pupil"] for event in self.events if "pupil" in event.data})
        self.intervals = {pupil: list(self._intervals(pupil)) for pupil in self.pupils}
        self.closures = self._standing("closure-announced", "closure")

    def _of(self, *kinds: str, pupil: str | None = None) -> list[Said]:
        return [e for e in self.events if e.kind in kinds and (pupil is None or e.data["pupil"] == pupil)]

    def _standing(self, kind: str, *key: str) -> list[Said]:
        last: dict[tuple[Any, ...], Said] = {}
        for event in sorted(self._of(kind), key=lambda e: (e.recorded, e.source, e.id)):
            last[tuple(event.data[part] for part in key)] = event
        return list(last.values())

    def _intervals(self, pupil: str) -> Iterator[Interval]:
        order = sorted(
            self._of("contact-lost", "contact-restored", pupil=pupil),
            key=lambda e: (e.occurred, e.kind == "contact-restored", e.source, e.id),
        )
        opened: Said | None = None
        for event in order:
            if event.kind == "contact-lost" and opened is None:
                opened = event
            elif event.kind == "contact-restored" and opened is not None:
                if opened.occurred < event.occurred:
                    yield Interval(opened.occurred, event.occurred, opened)
                opened = None
        if opened is not None:
            yield Interval(opened.occurred, None, opened)

    def _statements(self, pupil: str) -> list[Said]:
        said = self._of("contact-lost", "residence-established", pupil=pupil)
        stating = [event for event in said if event.data.get("municipality") is not None]
        return sorted(stating, key=lambda e: (e.occurred, e.source, e.id))

    def lives(self, pupil: str, instant: int) -> str:
        statements = self._statements(pupil)
        if not statements:
            return "unknown"
        until_now = [event for event in statements if event.occurred <= instant]
        return str((until_now or statements[:1])[-1].data["municipality"])

    def closed(self, place: str, sector: str, day: date) -> bool:
        return any(
            sector in closure.data["sectors"]
            and closure.data["from"] <= day
            and (closure.data["until"] is None or day <= closure.data["until"])
            and (closure.data["municipalities"] is None or place in closure.data["municipalities"])
            for closure in self.closures
        )

    def places(self) -> list[str]:
        named: set[str] = {event.data["municipality"] for event in self.events if event.data.get("municipality")}
        for closure in self.closures:
            named |= set(closure.data["municipalities"] or ())
        return sorted({*named, "unknown"})

    def weeks(self) -> Iterator[tuple[str, list[date]]]:
        if not self.closures:
            return
        monday = monday_of(min(closure.data["from"] for closure in self.closures))
        while midnight(monday) < self.k:
            year, week, _ = monday.isocalendar()
            yield f"{year:04}-W{week:02}", [monday + timedelta(days=n) for n in range(7)]
            monday += timedelta(days=7)

    def closed_days(self, place: str, sector: str, week: list[date]) -> list[date]:
        """The closed days of a week that C meets before K; none of one that it does not."""
        days = [day for day in week if self.closed(place, sector, day)]
        return days if any(midnight(day) < self.k for day in days) else []

    def frame(self, places: Iterable[str]) -> Iterator[tuple[str, str, str, list[date], list[date]]]:
        weeks = list(self.weeks())
        for place in places:
            for sector in SECTORS:
                for label, week in weeks:
                    if days := self.closed_days(place, sector, week):
                        yield place, sector, label, week, days

    def counts(self) -> str:
        rows: list[tuple[Any, ...]] = []
        for place, sector, label, week, days in self.frame(self.places()):
            measures = self._measures(place, sector, week, days)
            if any(measures):
                rows.append((place, sector, label, *measures))
        return as_csv(COUNTS_HEADER, rows)

    def _measures(self, place: str, sector: str, week: list[date], days: list[date]) -> list[int]:
        tau = min(midnight(week[-1] + timedelta(days=1)), midnight(days[-1] + timedelta(days=1)), self.k)

        def inside(instant: int) -> bool:
            return instant < self.k and day_of(instant) in days

        unreached: set[str] = set()
        households: set[tuple[str, str]] = set()
        during: set[str] = set()
        over_4_weeks = newly_lost = restored = moved_in = moved_out = 0
        for pupil in self.pupils:
            moments = {event.occurred for event in self._statements(pupil)}
            moments |= {midnight(day) for day in days}
            for interval in self.intervals[pupil]:
                if interval.opened_by.data["sector"] != sector:
                    continue
                began, ended = interval.began, interval.ended
                if interval.holds(tau - 1) and self.lives(pupil, tau - 1) == place:
                    unreached.add(pupil)
                    household = interval.opened_by.data.get("household")
                    households.add(("pupil", pupil) if household is None else ("household", household))
                    over_4_weeks += began <= tau - FOUR_WEEKS
                for moment in {began, *moments}:
                    if interval.holds(moment) and inside(moment) and self.lives(pupil, moment) == place:
                        during.add(pupil)
                newly_lost += inside(began) and self.lives(pupil, began) == place
                restored += ended is not None and inside(ended) and self.lives(pupil, ended - 1) == place
                for moment in moments:
                    if began < moment and (ended is None or moment < ended) and inside(moment):
                        before, after = self.lives(pupil, moment - 1), self.lives(pupil, moment)
                        moved_in += before != after and after == place
                        moved_out += before != after and before == place

        def helped(kind: str, member: str, value: str) -> int:
            return sum(
                event.data["sector"] == sector
                and event.data[member] == value
                and inside(event.occurred)
                and self.lives(event.data["pupil"], event.occurred) == place
                for event in self._of(kind)
            )

        return [
            len(unreached),
            len(during),
            newly_lost,
            restored,
            moved_in,
            moved_out,
            over_4_weeks,
            len(households),
            *(helped("device-lent", "device", device) for device in ("laptop", "tablet", "internet")),
            *(helped("door-visit", "outcome", of) for of in ("contact", "no-answer", "moved-away", "refused")),
        ]

    def expected(self, place: str, sector: str, week: list[date]) -> list[Said]:
        return [
            school
            for school in self._standing("school-registered", "school", "sector")
            if (school.data["municipality"], school.data["sector"]) == (place, sector)
            and school.data["from"] <= week[-1]
            and (school.data["until"] is None or week[0] <= school.data["until"])
        ]

    def registered(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        """Of each row where a school is expected: how many of those state their pupils, and how many these are."""
        found = {}
        for place, sector, label, week, _ in self.frame(self.places()):
            stated = [school.data.get("pupils") for school in self.expected(place, sector, week)]
            known = [pupils for pupils in stated if pupils is not None]
            if known:
                found[place, sector, label] = len(known), sum(known)
        return found

    def coverage(self) -> str:
        rows: list[tuple[Any, ...]] = []
        for place, sector, label, week, _ in self.frame(self.places()):
            expected = [school.data["school"] for school in self.expected(place, sector, week)]
            if not expected:
                continue
            reported = on_time = claimed = 0
            for school in expected:
                answers = [
                    event
                    for event in self._of("week-reported")
                    if (event.data["school"], event.data["sector"], event.data["week"]) == (school, sector, label)
                ]
                if answers:
                    answers.sort(key=lambda e: (e.recorded, e.source, e.id))
                    reported += 1
                    on_time += answers[0].recorded < midnight(week[-1] + timedelta(days=1))
                    claimed += answers[-1].data["unreached"]
            rows.append((place, sector, label, len(expected), reported, on_time, claimed))
        return as_csv(COVERAGE_HEADER, rows)


def as_csv(header: str, rows: Iterable[tuple[Any, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header.split(","), *sorted(rows)])
    return text.getvalue()
