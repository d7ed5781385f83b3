"""What time it is: by the machine's clock, or by a simulated one on which every process of a system agrees."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def real_now() -> int:
    """Return the machine's time in microseconds since 1970-01-01T00:00Z."""
    return time.time_ns() // 1000


@dataclass(frozen=True)
class Simulation:
    """How simulated time follows from real time. Instants in microseconds since 1970-01-01T00:00Z.

    At the real instant `started_at` it is `starts_at`; from there `rate` simulated seconds pass in a real second (0:
    time stands still), up to `ends_at`, where time stands still (None: it goes on).
    """

    started_at: int
    starts_at: int
    rate: float
    ends_at: int | None = None

    def __post_init__(self) -> None:
        if self.rate < 0:
            raise ValueError("the rate of a simulated clock is not negative")
        if self.ends_at is not None and self.ends_at < self.starts_at:
            raise ValueError("a simulated clock does not end before it starts")

    def at(self, real: int) -> int:
        """Return the simulated instant at the real instant `real`; before the start, the start."""
        now = self.starts_at + round(max(0, real - self.started_at) * self.rate)
        return now if self.ends_at is None else min(now, self.ends_at)


@dataclass(frozen=True)
class Clock:
    """The clock of a system: the machine's, or a simulated one. `read` gives the real time, for tests."""

    simulation: Simulation | None = None
    read: Callable[[], int] = real_now

    def now(self) -> int:
        """Return the current time in microseconds since 1970-01-01T00:00Z."""
        real = self.read()
        return real if self.simulation is None else self.simulation.at(real)

    @classmethod
    def simulated(
        cls, starts_at: int, rate: float, *, ends_at: int | None = None, started_at: int | None = None
    ) -> Clock:
        """Return a clock that shows `starts_at` at the real instant `started_at` (default: now).

        See `Simulation`; raises ValueError for a negative rate or an end before the start.
        """
        return cls(Simulation(real_now() if started_at is None else started_at, starts_at, rate, ends_at))

    def describe(self) -> dict[str, Any] | None:
        """Return what another process needs to compute the same time, as written in system.json; None: the real one."""
        if self.simulation is None:
            return None
        told = self.simulation
        return {
            "startedAt": told.started_at,
            "startsAt": told.starts_at,
            "rate": told.rate,
            "endsAt": told.ends_at,
        }

    @classmethod
    def from_description(cls, described: dict[str, Any] | None) -> Clock:
        """Return the clock that `describe` described. Raises ValueError when it is not such a description."""
        if described is None:
            return cls()
        try:
            ends_at = described["endsAt"]
            return cls(
                Simulation(
                    int(described["startedAt"]),
                    int(described["startsAt"]),
                    float(described["rate"]),
                    None if ends_at is None else int(ends_at),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError("not the description of a clock") from error
