"""Events to test with: the wire files, one whole event per kind, and a way to break them."""

import copy
import json
from pathlib import Path
from typing import Any, Final

WIRE: Final = Path(__file__).parent / "wire"
KINDS: Final = (
    "contact-lost",
    "contact-restored",
    "device-lent",
    "door-visit",
    "residence-established",
    "report-retracted",
    "week-reported",
    "reminder-sent",
    "school-registered",
    "closure-announced",
)


class _Absent:
    """No value; says so in the names of tests, the same in every process."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


def variants(kind: str) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads((WIRE / f"{kind}.json").read_text(encoding="utf-8"))
    return content


WIRE_EVENTS: Final[dict[str, dict[str, Any]]] = {
    f"{kind}: {variant['variant']}": variant["event"] for kind in KINDS for variant in variants(kind)
}


def sample(kind: str, variant: str = "everything") -> dict[str, Any]:
    return copy.deepcopy(WIRE_EVENTS[f"{kind}: {variant}"])


def with_value(event: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Give the event with another value at a dotted path, or without the member for ABSENT."""
    changed = copy.deepcopy(event)
    *above, last = path.split(".")
    holder = changed
    for step in above:
        holder = holder[step]
    if value is ABSENT:
        del holder[last]
    else:
        holder[last] = value
    return changed


def raw(event: Any) -> bytes:
    return json.dumps(event).encode()
