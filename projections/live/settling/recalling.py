"""What was settled elsewhere of the same ledger: it tells at once what counting pupil by pupil would give."""

from __future__ import annotations

from typing import Protocol

from projections.fold.cube import Numbers
from projections.live.settling.weeks import PastWeeks

__all__ = ["Recall", "Recalled", "nothing_recalled"]


class Recall(Protocol):
    """See ``__call__``."""

    def __call__(self, municipality: str, weeks: PastWeeks, since: int, until: int) -> Numbers | None:
        """Give what ``Counting.unreached`` gives, for rows that there are.

        Out of what holds all messages of the ledger up to some position from ``since`` to ``until``; None where there
        is none such.
        """


class Recalled:
    """In place of a ``Counting`` of which nobody is left to count."""

    def __init__(self, unreached: Numbers) -> None:
        """``unreached``: as ``Counting`` gives it."""
        self.unreached = unreached


def nothing_recalled(municipality: str, weeks: PastWeeks, since: int, until: int) -> None:
    """Give None: there is nothing but the view."""
