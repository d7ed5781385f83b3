"""Auditing a running system, and keeping what came of it."""

from __future__ import annotations

import sqlite3
import time

from services.audits.kept import Audit, AuditLog
from services.system import DataDir, find_system
from services.view.auditing import Outcome, compare

__all__ = ["audit", "keep"]


def audit(data_dir: DataDir, patience: float) -> tuple[Outcome, Audit]:
    """Compare the live tables with the replay; `patience` is how long to wait for the view, in seconds.

    Raises SystemUnavailable when the system cannot be reached.
    """
    record, begun = find_system(data_dir), time.monotonic()
    outcome = compare(data_dir, record, patience)
    seconds = round(time.monotonic() - begun, 3)
    # Read anew: a simulated clock may have been set meanwhile.
    ended = max(find_system(data_dir).clock.now(), outcome.as_of)
    number = len(outcome.differences)
    return outcome, Audit(ended, outcome.as_of, outcome.position, outcome.events, outcome.cells, number, seconds)


def keep(data_dir: DataDir, audit: Audit) -> str | None:
    """Record an audit for good; give the kind of trouble when that cannot be done."""
    try:
        AuditLog(data_dir.audits).add(audit)
    except (OSError, sqlite3.Error) as error:
        return type(error).__name__
    return None
