"""Having at hand, in the system's memory, where keys and names of a large view are found.

They are random, so each event asks at other places; from the disk that takes longer than folding it. A view that has
just been built, or a machine that has just started, has nothing of it there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread

__all__ = ["warm_beside"]


def warm_beside(databases: Iterable[Path]) -> None:
    """Read the indexes of some databases once, in a thread that nobody waits for.

    The system keeps of them what it has room for.
    """
    Thread(target=_warm, args=(list(databases),), name="warm", daemon=True).start()


def _warm(databases: Iterable[Path]) -> None:
    for path in databases:
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            for table in ("seen", "pupil"):
                database.execute(f"SELECT count(*) FROM {table}").fetchone()  # by the index, which is the smaller
