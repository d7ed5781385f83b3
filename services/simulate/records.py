"""Events as rows of numbers, before they are text."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from events.envelope import KINDS
from services.simulate.calendar import HOUR, MINUTE, SECOND
from services.simulate.draws import Draws, Ints, Words

__all__ = ["KIND", "RECORD", "Batch", "Records", "numbers_from", "relay"]

KIND: Final = {kind: code for code, kind in enumerate(KINDS)}
RECORD: Final = np.dtype(
    [
        ("recorded", "<i8"),  # when the ledger took it in, micros
        ("logged", "<i8"),  # when the sender's system logged it, micros, whole seconds
        ("occurred", "<i8"),  # when it happened, micros, whole seconds
        ("number", "<u8"),  # the event: its identifier is made of this
        ("who", "<u8"),  # the pupil; of a retraction, the number of the event retracted
        ("household", "<u8"),  # 0: none stated
        ("source", "<i4"),
        ("school", "<i4"),
        ("amount", "<i4"),  # pupils claimed; of a retraction, the source retracted; of a closure, which decision
        ("place", "<i2"),  # municipality, -1: none stated
        ("week", "<i2"),
        ("kind", "u1"),
        ("sector", "u1"),
        ("choice", "u1"),  # reason, via, device or outcome, in the order of `text`
        ("extra", "u1"),  # visitor or lender
    ]
)
Records = NDArray[np.void]

_COPIED: Final = 0.008


def numbers_from(chunk: int, start: int, count: int) -> Words:
    """Give numbers that nothing outside this chunk has."""
    return np.arange(start, start + count, dtype=np.uint64) + np.uint64(chunk << 32)


def relay(logged: Ints, draws: Draws) -> Ints:
    """Give when the ledger took in what was logged: seconds later, or, with the ledger away, hours to days."""
    n = len(logged)
    quick = draws.spread(n, (0.15 * SECOND, 0.4 * SECOND, 1.5 * SECOND, 8.0 * SECOND))
    away = draws.spread(n, (0.5 * HOUR, 3.0 * HOUR, 12.0 * HOUR, 60.0 * HOUR))
    return logged + np.where(draws.chance(n, 0.005), away, quick).astype(np.int64)


class Batch:
    """Collects the events of one chunk; each gets a number of its own."""

    def __init__(self, chunk: int) -> None:
        self._chunk = chunk
        self._parts: list[Records] = []
        self._count = 0

    def add(self, kind: str, recorded: Ints, **columns: Any) -> Words:
        """Add events of one kind (columns by RECORD's names, arrays or one value for all); give their numbers."""
        part = np.zeros(len(recorded), dtype=RECORD)
        part["place"] = -1
        part["kind"] = KIND[kind]
        part["recorded"] = recorded
        numbers = numbers_from(self._chunk, self._count, len(recorded))
        part["number"] = numbers
        for name, values in columns.items():
            part[name] = values
        for name in ("logged", "occurred"):
            part[name] -= part[name] % SECOND
        self._count += len(recorded)
        self._parts.append(part)
        return numbers

    def records(self, draws: Draws) -> Records:
        """Give everything collected, and the copies that some senders sent again, recorded seconds to days later."""
        rows = np.concatenate(self._parts) if self._parts else np.zeros(0, dtype=RECORD)
        again = rows[draws.chance(len(rows), _COPIED)]
        later = draws.spread(len(again), (2.0 * SECOND, 40.0 * SECOND, 20.0 * MINUTE, 5.0 * HOUR, 72.0 * HOUR))
        again["recorded"] += later.astype(np.int64)
        return np.concatenate([rows, again])
