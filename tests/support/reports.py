"""Made-up live reports for tests of the desks: valid, of any kind, as senders give them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

SOURCE = "urn:nld:oin:00000001234567890000:systeem:leerlingen"
OTHER = "urn:nld:kvknr:12345678:systeem:wijkteam"
MARCH = 1_584_349_200_000_000
"""2020-03-16T09:00:00Z in microseconds: when all reports here are said to have happened."""


def report(id: str, kind: str = "contact-lost", *, source: str = SOURCE, **data: Any) -> bytes:
    """A report of a kind; `data` goes over what is made up, None takes a member away."""
    made = _DATA[kind] | {"occurredAt": "2020-03-16T09:00:00Z"} | data
    content = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": f"nl.kinderen-in-beeld.v1.{kind}",
        "data": {name: value for name, value in made.items() if value is not None},
    }
    return json.dumps(content, separators=(",", ":")).encode()


def lost(number: int, **data: Any) -> bytes:
    """A `contact-lost` of a pupil of its own."""
    return report(f"lost-{number}", **{"pupil": f"pupil-{number:06d}"} | data)


def visited(id: str, outcome: str = "contact", **data: Any) -> bytes:
    """A `door-visit`."""
    return report(id, "door-visit", outcome=outcome, **data)


def now() -> int:
    """The time as the machine has it, in microseconds."""
    return round(datetime.now(UTC).timestamp() * 1_000_000)


_PUPIL = {"pupil": "pupil-000001"}
_DATA: dict[str, dict[str, Any]] = {
    "contact-lost": {**_PUPIL, "school": "06KR00", "sector": "po", "municipality": "GM0014"},
    "contact-restored": {**_PUPIL, "via": "phone"},
    "device-lent": {**_PUPIL, "sector": "po", "device": "laptop"},
    "door-visit": {**_PUPIL, "sector": "po", "outcome": "no-answer", "visitor": "wij"},
    "residence-established": {**_PUPIL, "municipality": "GM0014"},
    "report-retracted": {"retracts": {"source": SOURCE, "id": "lost-1"}},
    "week-reported": {"school": "06KR00", "sector": "po", "week": "2020-W14", "unreached": 3},
    "reminder-sent": {"school": "06KR00", "sector": "po", "week": "2020-W14"},
    "school-registered": {"school": "06KR00", "sector": "po", "municipality": "GM0014", "from": "2019-08-01"},
    "closure-announced": {"closure": "first", "sectors": ["po"], "from": "2020-03-16"},
}
