"""What differs between what is wanted and what stands on a Grafana, place by place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

__all__ = ["differences"]

_LONGEST: Final = 60


def differences(wanted: Any, stands: Any, *, exact: bool = False, place: str = "") -> Iterator[str]:
    """Give each place that differs, with what stood there and what is wanted.

    What Grafana adds by itself is no difference, unless ``exact``: then only what is empty may be added.
    """
    if isinstance(wanted, dict) and isinstance(stands, dict):
        for name, value in wanted.items():
            inner = f"{place}.{name}" if place else name
            if name in stands:
                yield from differences(value, stands[name], exact=exact, place=inner)
            elif not _empty(value):
                yield f"{inner}: – → {_short(value)}"
        for name in stands if exact else ():
            if name not in wanted and not _empty(stands[name]):
                yield f"{f'{place}.{name}' if place else name}: {_short(stands[name])} → –"
    elif isinstance(wanted, list) and isinstance(stands, list):
        for number, (one, other) in enumerate(zip(wanted, stands, strict=False)):
            yield from differences(one, other, exact=exact, place=f"{place}[{number}]")
        if len(wanted) != len(stands):
            yield f"{place}: {len(stands)} → {len(wanted)} entries"
    elif wanted != stands and not (_empty(wanted) and _empty(stands)):
        yield f"{place}: {_short(stands)} → {_short(wanted)}"


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {} or value is False


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
