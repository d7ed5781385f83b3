"""Processes that belong to a system: started by `up`, and ending with it however it ends."""

from __future__ import annotations

import os
import sys
import threading

VARIABLE = "KINDINBEELD_CHILD"
"""Set for a process whose standard input is a pipe that its parent holds open for as long as it lives."""


def end_with_parent() -> None:
    """In a child of `up`: end at once when the parent is gone, even if it was killed."""
    if os.environ.get(VARIABLE) == "1":
        threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)
