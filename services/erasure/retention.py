"""Whether the term is over, by the closures that the live view of a system knows, which need not run for that."""

from __future__ import annotations

from datetime import date

from projections.live.database import UNREADABLE
from projections.live.reading import LiveReader
from services.system import DataDir, SystemUnavailable, view_of
from services.system.retention import due_after

__all__ = ["due_on"]


def due_on(data_dir: DataDir, days: int) -> date | None:
    """Give the day from which on everyone is to be erased; None: nothing is due.

    Raises SystemUnavailable when the live view cannot be read.
    """
    try:
        reader = LiveReader(view_of(data_dir))
        try:
            return due_after(reader.closures(), days)
        finally:
            reader.close()
    except UNREADABLE:
        raise SystemUnavailable(f"there is no live view in {data_dir} that tells when closures end") from None
