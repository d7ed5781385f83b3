"""Whether a process runs."""

from __future__ import annotations

import os

__all__ = ["lives"]


def lives(pid: int) -> bool:
    """Tell whether there is a process with this id, whoever's it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
