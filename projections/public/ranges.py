"""A number as it is shown: exact, or as a range.

The rule is that of DUO for public figures: 1 to 4 is shown as `<5`, 0 stays 0.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["SMALLEST_SHOWN", "Range"]

SMALLEST_SHOWN: Final = 5
"""From which number on a public cell is shown as it is; 0 is too."""


class Range(NamedTuple):
    """A number of which is known that it is at least `low` and at most `high`; exact when they are equal."""

    low: int
    high: int

    @classmethod
    def of(cls, value: int) -> Range:
        """Give what the public may know of a cell."""
        return cls(1, SMALLEST_SHOWN - 1) if 0 < value < SMALLEST_SHOWN else cls(value, value)

    @property
    def exact(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    def plus(self, other: Range) -> Range:
        """Add: of the sum no more is known than of its parts."""
        return Range(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        """Write it as `0`, `7`, `<5` or `8-11`."""
        if self.exact:
            return str(self.low)
        return f"<{SMALLEST_SHOWN}" if self == Range(1, SMALLEST_SHOWN - 1) else f"{self.low}-{self.high}"
