"""Random histories for the oracle: few pupils, few instants, most of them on the edges that the definition has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta
from random import Random
from typing import Any

from tests.projections.evaluation.oracle import EPOCH, MICROSECOND, Said, midnight, monday_of

__all__ = ["COUNTED", "COVERED", "instant", "line", "random_history", "random_moments"]

HOUR = 3600 * 1_000_000
DAY = 24 * HOUR
TOLERANCE = 5 * 60 * 1_000_000
# The clocks change (on 29 March and 25 October); week 53; the first time zone had no whole hours.
ERAS = [date(2020, 3, 16), date(2020, 10, 12), date(2020, 12, 14), date(1919, 3, 31)]
PLACES = ("GM0014", "GM0363", "GM9999")
SOURCES = (
    "urn:nld:oin:00000001823288444000:systeem:Z",
    "urn:nld:oin:00000001823288444000:systeem:a",
    "urn:nld:kvknr:12345678:systeem:b",
)
# By code point, not by UTF-16 unit, by length or by any alphabet: Z < a < aa < é < U+FFFD < U+1F600.
IDS = ("Z", "a", "aa", "é", "\ufffd", "\U0001f600")
HOUSEHOLDS = (None, None, "pupil--1", "househo1", "househo2")
SCHOOLS = ("06KR00", "06KR01", "06KR02")
DEVICES = ("laptop", "tablet", "internet")
OUTCOMES = ("contact", "no-answer", "moved-away", "refused")

COUNTED = (
    ["contact-lost"] * 6 + ["contact-restored"] * 4 + ["residence-established"] * 2 + ["device-lent", "door-visit"]
)
COVERED = ["school-registered"] * 2 + ["week-reported"] * 7


class _Era:
    """Two to five weeks, some instants in them, and what a random event says there."""

    def __init__(self, random: Random) -> None:
        self.random = random
        first = random.choice(ERAS)
        # Either weeks of closure, or days of it here and there in two weeks.
        self.pieces = random.random() < 0.5
        self.days = [first + timedelta(days=n) for n in range(14 if self.pieces else 36)]
        edges = self.days if self.pieces else random.sample(self.days, 4) + self.days[::7]
        shifts = (-1, 0, 0, 1, 9 * HOUR)
        self.instants = [midnight(random.choice(edges)) + random.choice(shifts) for _ in range(random.randint(3, 14))]
        if random.random() < 0.5:
            self.instants += [at + 28 * DAY + random.choice((-1, 0, 1)) for at in self.instants[:2]]
        if random.random() < 0.2:
            self.instants.append(midnight(date(1905, 5, 14)))
        self.pupils = [f"pupil--{n}" for n in range(1, random.choice((1, 2, 4, 12)) + 1)]
        self.places = random.sample(PLACES, random.randint(1, 3))
        self.sectors = random.choice((["po"], ["po", "vo"], ["po", "so", "vo", "mbo"]))
        self.serial = 0

    def key(self) -> tuple[str, str]:
        self.serial += 1
        return self.random.choice(SOURCES), f"{self.random.choice(IDS)}{self.serial}"

    def delay(self) -> int:
        return self.random.choice((-TOLERANCE, -1, 0, 0, 0, 1, HOUR, 3 * DAY, 28 * DAY))

    def event(self, kind: str) -> Said:
        occurred = self.random.choice(self.instants)
        return Said(*self.key(), kind, occurred + self.delay(), occurred, getattr(self, kind.replace("-", "_"))())

    def closure(self) -> Said:
        """Announce early, mostly, so that most histories have something to count."""
        occurred = min(self.instants) - 7 * DAY if self.random.random() < 0.6 else self.random.choice(self.instants)
        return Said(*self.key(), "closure-announced", occurred, occurred, self.closure_announced())

    def period(self, lengths: Sequence[int | None]) -> dict[str, Any]:
        first = self.days[self.random.choice(range(14) if self.pieces else (0, 0, 0, 0, 1, 2, 4, 7, 13, 20))]
        length = self.random.choice(lengths)
        return {"from": first, "until": None if length is None else first + timedelta(days=length)}

    def closure_announced(self) -> dict[str, Any]:
        return {
            **self.period((None, 0, 0, 0, 1, 1, 2, 3) if self.pieces else (None, None, 0, 3, 6, 8, 13, 20, 27, 34)),
            "closure": self.random.choice(("one", "two", "drie", "vier", "vijf") if self.pieces else ("one", "two")),
            "sectors": self.random.sample(self.sectors, self.random.randint(1, len(self.sectors))),
            "municipalities": self.random.choice((None, None, self.places, self.places[:1])),
        }

    def contact_lost(self) -> dict[str, Any]:
        return {
            **self.contact_restored(),
            "school": self.random.choice(SCHOOLS),
            "sector": self.random.choice(self.sectors),
            "municipality": self.random.choice((None, *self.places)),
            "household": self.random.choice(HOUSEHOLDS),
        }

    def contact_restored(self) -> dict[str, Any]:
        return {"pupil": self.random.choice(self.pupils), "via": "phone"}

    def residence_established(self) -> dict[str, Any]:
        return {"pupil": self.random.choice(self.pupils), "municipality": self.random.choice(self.places)}

    def device_lent(self) -> dict[str, Any]:
        return {
            "pupil": self.random.choice(self.pupils),
            "sector": self.random.choice(self.sectors),
            "device": self.random.choice(DEVICES),
        }

    def door_visit(self) -> dict[str, Any]:
        return {
            "pupil": self.random.choice(self.pupils),
            "sector": self.random.choice(self.sectors),
            "outcome": self.random.choice(OUTCOMES),
            "visitor": "wij",
        }

    def school_registered(self) -> dict[str, Any]:
        return {
            **self.period((None, None, None, 0, 6, 13)),
            "school": self.random.choice(SCHOOLS),
            "sector": self.random.choice(self.sectors),
            "municipality": self.random.choice(self.places),
            "pupils": self.random.choice((None, 0, 7, 250)),
        }

    def week_reported(self) -> dict[str, Any]:
        year, week, _ = monday_of(self.random.choice(self.days)).isocalendar()
        return {
            "school": self.random.choice(SCHOOLS),
            "sector": self.random.choice(self.sectors),
            "week": f"{year}-W{week:02}",
            "unreached": self.random.randint(0, 9),
        }


def random_history(seed: int, kinds: Sequence[str], ties: bool = True) -> list[Said]:
    """Events in the order of a file, with copies (of the same and of other content) and retractions.

    Without `ties` no two copies of one event with different content were recorded at the same instant: only then the
    order of the lines decides nothing.
    """
    random = Random(seed)
    era = _Era(random)
    said = [era.closure() for _ in range(random.randint(1, 9 if era.pieces else 4))]
    said += [era.event(random.choice(kinds)) for _ in range(random.choice((3, 10, 30, 80)))]
    for _ in range(random.randint(0, 3)):
        target = random.choice(said)
        recorded = target.recorded + random.choice((-HOUR, 0, 0, DAY))
        data = {"source": target.source, "id": target.id}
        said.append(Said(*era.key(), "report-retracted", recorded, recorded, data))
    for _ in range(random.randint(0, 4)):
        copied = random.choice(said)
        content = random.choice((copied, *said))
        recorded = max(copied.recorded + era.delay(), content.occurred - TOLERANCE)
        copy = replace(content, source=copied.source, id=copied.id, recorded=recorded)
        if ties or content is copied or all(recorded != other.recorded for other in said if other.key == copied.key):
            said.append(copy)
    random.shuffle(said)
    return said


def random_moments(seed: int, said: Sequence[Said], count: int) -> list[int]:
    """Some K: at, just before or just after something recorded, happening, beginning or ending."""
    random = Random(seed)
    moments = {event.recorded for event in said} | {event.occurred for event in said}
    moments |= {midnight(event.data["from"]) for event in said if "from" in event.data}
    moments |= {midnight(event.data["until"]) + DAY for event in said if event.data.get("until")}
    late = sorted(moments)[len(moments) // 3 :]
    return [random.choice(late) + random.choice((-DAY, -1, 0, 1, 1, HOUR, DAY)) for _ in range(count)]


def line(event: Said) -> str:
    """Write the event as it comes over the wire."""
    data: dict[str, Any] = {"occurredAt": instant(event.occurred)}
    if event.kind == "report-retracted":
        data["retracts"] = event.data
    else:
        data |= {key: value.isoformat() if isinstance(value, date) else value for key, value in event.data.items()}
    envelope = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": f"nl.kinderen-in-beeld.v1.{event.kind}",
        "recordedtime": instant(event.recorded),
        "data": data,
    }
    return json.dumps(envelope, ensure_ascii=False)


def instant(micros: int) -> str:
    return (EPOCH + micros * MICROSECOND).astimezone(UTC).isoformat()
