"""What the view's process needs of whoever keeps the tables: itself, in a thread, or workers beside it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Keeper", "Standing"]


class Standing(Protocol):
    """How far a view is."""

    @property
    def position(self) -> int:
        """The ledger's sequence up to which events are in."""

    @property
    def recorded_until(self) -> int:
        """The newest recorded time seen, in microseconds."""


class Keeper(Protocol):
    """Keeps the tables, or watches those who do."""

    @property
    def view(self) -> Standing:
        """How far the view is."""

    @property
    def behind(self) -> int:
        """How many messages the ledger held behind the last one taken in, when that was last known."""

    @property
    def switches(self) -> int:
        """How often another view has taken the place of the one that was there."""

    def run(self) -> None:
        """Go on until ``stop``."""

    def stop(self) -> None:
        """Let ``run`` end soon."""
