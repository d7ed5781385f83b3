"""What a sender may ask of a desk at most, and how that is counted."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.desks.rules import MAX_BYTES

__all__ = ["Limits", "Meter"]

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a desk's HTTP side."""

    body_bytes: int = _MIB
    """Bytes of a request's body; beyond: 413. A single report may have 256 KiB (`services.desks.rules.MAX_BYTES`)."""
    batch: int = 1_000
    """Reports in a batch; beyond: 413."""
    rate: float = 20_000.0
    """Reports a second for one key, on the average; a request that only reads counts as one. Beyond: 429."""
    burst: float = 40_000.0
    """Reports that one key may give at once after a rest. A batch is taken whole as long as anything is left."""
    at_once: int = 256
    """Requests of one key under way at the same time; beyond: 429. So a sender whose requests drag holds up itself."""
    held_bytes: int = 64 * _MIB
    """Bytes of unfinished bodies that the desk holds for all senders together; the one that goes beyond gets 503."""
    body_seconds: float = 30.0
    """Seconds within which a whole body must have come; beyond: 408, and the connection is closed."""
    header_seconds: float = 10.0
    """Seconds within which the head of a request must have come; beyond: the connection is closed."""
    idle_seconds: int = 15
    """Seconds for which a connection without a request is kept open."""
    connections: int = 4_000
    """Open connections; beyond: 503 to new requests."""

    @property
    def single_bytes(self) -> int:
        """Bytes of the body with a single report."""
        return min(self.body_bytes, MAX_BYTES)


class Meter:
    """Counts what each key asks for. For one event loop; `clock`: seconds, only ever rising.

    A bucket of tokens for each key, which fills at `rate` up to `burst`. A request is let through while a token is
    left and then pays for all of its reports, if need be on credit: so no batch is too large for a bucket.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._under_way: dict[str, int] = {}
        self.held = 0
        """Bytes of unfinished bodies."""

    def wait(self, key: str) -> int:
        """Give the whole seconds until the key may ask again; 0: now."""
        if self._under_way.get(key, 0) >= self._limits.at_once:
            return 1
        tokens = self._tokens(key)
        return 0 if tokens > 0 else max(1, math.ceil(-tokens / self._limits.rate))

    def pay(self, key: str, reports: int) -> None:
        """Take what a request costs."""
        self._buckets[key] = (self._tokens(key) - max(1, reports), self._clock())

    def begin(self, key: str) -> None:
        """Count a request of a key as under way."""
        self._under_way[key] = self._under_way.get(key, 0) + 1

    def end(self, key: str) -> None:
        """Count it as done."""
        left = self._under_way[key] - 1
        if left:
            self._under_way[key] = left
        else:
            del self._under_way[key]

    def _tokens(self, key: str) -> float:
        tokens, at = self._buckets.get(key, (self._limits.burst, 0.0))
        return min(self._limits.burst, tokens + (self._clock() - at) * self._limits.rate)
