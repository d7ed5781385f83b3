"""Made-up events for tests of the ledger: valid, small, as many as asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from services.simulate import simulate

SOURCE = "urn:nld:oin:00000001234567890000:systeem:leerlingen"
BEGIN = datetime(2020, 3, 16, 9, tzinfo=UTC)


def event(
    number: int = 1, *, source: str = SOURCE, recorded: str | None = "", pupil: str | None = None, **members: Any
) -> dict[str, Any]:
    """A `contact-lost`; `recorded`: its recordedtime, None for none, by default a second later for each number."""
    occurred = BEGIN + timedelta(seconds=number)
    data = {
        "pupil": pupil or f"pupil-{number:06d}",
        "school": "06KR00",
        "sector": "po",
        "municipality": "GM0014",
        "occurredAt": occurred.isoformat(),
    }
    made: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"event-{number}",
        "source": source,
        "type": "nl.kinderen-in-beeld.v1.contact-lost",
        "recordedtime": (occurred + timedelta(minutes=1)).isoformat() if recorded == "" else recorded,
        "data": data | members,
    }
    if made["recordedtime"] is None:
        del made["recordedtime"]
    return made


def line(number: int = 1, **changes: Any) -> bytes:
    """An event as a line, without its end."""
    return json.dumps(event(number, **changes), separators=(",", ":")).encode()


def lines(numbers: Iterable[int]) -> bytes:
    """Events as the content of a file."""
    return b"".join(line(number) + b"\n" for number in numbers)


def write_lines(path: Path, count: int) -> Path:
    """Write a file of `count` events."""
    path.write_bytes(lines(range(1, count + 1)))
    return path


@cache
def simulated(seed: int, events: int, first: int | None = None) -> list[bytes]:
    """The first closure of a simulated country, of about so many events, or the first of them; made where asked for."""
    return [raw for _, raw in simulate(seed, "first", events=events)][:first]
