"""Holding the ratios of a run against those of one that was recorded, so that nothing becomes slower unseen.

Ratios, not figures: both sides were measured on one machine in the same minutes, so that another machine gives about
the same. What one run finds slower may be a moment's noise, so what has fallen is measured again before it counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from services.bench.figures import Ratio

__all__ = ["KEPT", "Held", "held", "read_recorded"]

KEPT: Final = 2 / 3
"""The share of a recorded ratio that has to be left: one that falls by more than a third fails."""

Pair = tuple[str, str]
"""The keys of our rate and of its baseline."""


@dataclass(frozen=True)
class Held:
    """A recorded ratio and the best that was measured of it; None: it was not measured."""

    pair: Pair
    recorded: float
    measured: float | None

    @property
    def fallen(self) -> bool:
        """Whether less than two thirds are left, or nothing is known."""
        return self.measured is None or self.measured < self.recorded * KEPT

    def __str__(self) -> str:
        ours, baseline = self.pair
        found = "was not measured" if self.measured is None else f"is {self.measured:.2f}"
        return f"the ratio of {ours} to {baseline} {found}; recorded {self.recorded:.2f}"


def read_recorded(file: Path) -> dict[Pair, float]:
    """Give the ratios of a run that was written as JSON. Raises OSError, or ValueError for another file."""
    try:
        document: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return {(str(each["ours"]), str(each["baseline"])): float(each["times"]) for each in document["ratios"]}
    except (KeyError, TypeError):
        raise ValueError("must be the results of a run, as `--format json` writes them") from None


def held(recorded: dict[Pair, float], runs: Iterable[Iterable[Ratio]]) -> list[Held]:
    """Give, for each recorded ratio, the best of these runs."""
    best: dict[Pair, float] = {}
    for ratios in runs:
        for ratio in ratios:
            pair = ratio.ours.key, ratio.baseline.key
            best[pair] = max(best.get(pair, 0.0), ratio.value)
    return [Held(pair, times, best.get(pair)) for pair, times in recorded.items()]
