"""What has to be on the disk itself before the next step is taken."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["fsync_and_let_go", "fsync_directory"]


def fsync_directory(directory: Path) -> None:
    """Have the names in a directory on the disk itself, where the system knows that."""
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def fsync_and_let_go(file: Path) -> None:
    """Have a file that was written on the disk itself, and nothing of it in the system's memory.

    There it lies in large pieces where it was read in order, to the cost of who writes to it next: see
    ``projections.live.warming``.
    """
    with file.open("rb+") as opened:
        os.fsync(opened.fileno())
        if hasattr(os, "posix_fadvise"):  # not on every system
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
