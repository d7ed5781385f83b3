"""Whether a process runs."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["lives"]


def lives(pid: int) -> bool:
    """Tell whether there is a process with this id, whoever's it is, that has not ended.

    One that has ended, and that its parent has not asked after yet, does no more; only Linux tells.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state not in ("Z", "X")
