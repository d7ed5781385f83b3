"""What a measurement gives: figures with their targets, and how they compare with the baselines of the same run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final


class NotMeasured(Exception):  # noqa: N818 - no error: a figure that is missing, and why
    """A figure cannot be had here; the text says why, in one line for a person."""


@dataclass(frozen=True)
class Target:
    """What a figure is to reach, in the figure's unit."""

    value: float
    at_least: bool = False
    """Whether more is better; else the target is a most."""

    def met_by(self, value: float) -> bool:
        """Whether a figure of this value reaches the target."""
        return value >= self.value if self.at_least else value <= self.value


@dataclass(frozen=True)
class Figure:
    """One number of a run. `value` is None when it could not be measured; `note` then says why."""

    key: str
    label: str
    unit: str
    value: float | None
    target: Target | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is reached; None where there is none to judge by, or no number."""
        if self.target is None or self.value is None:
            return None
        return self.target.met_by(self.value)


@dataclass(frozen=True)
class Ratio:
    """How many times as fast one rate is as another of the same run."""

    ours: Figure
    baseline: Figure
    value: float


COMPARED: Final[Mapping[str, tuple[str, ...]]] = {
    "catch-up": ("library-durable", "library-memory", "plain", "fetch"),
    "follow": ("library-durable", "library-memory", "plain", "fetch"),
    "postgres": ("postgres-sqlite",),
    "workers": ("workers-one", "workers-view"),
    "rebuild-rate": ("library-durable", "plain", "fetch"),
    "desk-batch": ("library-save",),
    "replay-rate": ("postgres-view", "polars", "plain", "library-durable", "library-memory"),
    "archive-rate": ("plain", "library-durable", "library-memory"),
    "evaluate-rate": ("plain", "library-durable", "library-memory"),
}
"""Which of our rates are compared with which baselines."""

RATE: Final = "events/s"


def ratios(figures: Iterable[Figure]) -> list[Ratio]:
    """Compare those rates that were measured."""
    known = {figure.key: figure for figure in figures if figure.unit == RATE and figure.value}
    return [
        Ratio(known[ours], known[baseline], (known[ours].value or 0) / (known[baseline].value or 1))
        for ours, baselines in COMPARED.items()
        for baseline in baselines
        if ours in known and baseline in known
    ]


def percentile(values: Iterable[float], share: float) -> float:
    """Give the value that `share` (0 to 1) of the values do not exceed: the nearest rank, no interpolation.

    Raises ValueError for no values.
    """
    ranked = sorted(values)
    if not ranked:
        raise ValueError("no values")
    return ranked[max(0, -(-int(share * 1_000_000) * len(ranked) // 1_000_000) - 1)]
