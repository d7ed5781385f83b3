"""The last audit as the pages tell of it: live against replay, as of when, and to whoever sees everything of how much.

How many cells there are follows from figures that are not everyone's, so only whoever sees all of them is told. That an
audit was done, as of when, and whether anything differed tells of the two programs and of no child: that is for all.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import structlog

from events import format_instant, local_day
from services.audits import Audit, AuditLog
from services.web.texts import Language, translator
from services.web.wording import day, moment, number

__all__ = ["AuditSeen", "LastAudit", "audit_slot", "audit_told", "public_slot"]

_log = structlog.get_logger(__name__)

_MINUTE: Final = 60_000_000
_LOOK: Final = 0.5
"""Seconds between two looks for a newer audit."""


@dataclass(frozen=True, slots=True)
class AuditSeen:
    """What someone is told of an audit. `as_of` in microseconds."""

    as_of: int
    equal: bool
    """Whether live equalled replay in every cell."""
    whole: Audit | None
    """All of it; None for who does not see every figure."""

    @classmethod
    def of(cls, audit: Audit | None, *, everything: bool) -> AuditSeen | None:
        """Give what is told of an audit; None where there was none."""
        return None if audit is None else cls(audit.as_of, audit.equal, audit if everything else None)


class LastAudit:
    """The newest audit, looked for now and then; a file that cannot be read leaves the one that was known."""

    def __init__(self, log: AuditLog | None) -> None:
        """Without a log there never is one."""
        self._log = log
        self._looked = float("-inf")
        self._last: Audit | None = None

    def __call__(self) -> Audit | None:
        """Give it; None when there was none."""
        now = time.monotonic()
        if self._log is not None and now - self._looked >= _LOOK:
            self._looked = now
            try:
                self._last = self._log.last()
            except (OSError, sqlite3.Error) as error:
                _log.debug("the audits cannot be read", why=type(error).__name__)
        return self._last


def audit_told(audit: AuditSeen | None) -> dict[str, Any] | None:
    """Give an audit as JSON has it: as of when, and whether live equalled replay; of how many cells where told.

    Who does not see every figure is told of the minute, as on the pages.
    """
    if audit is None:
        return None
    whole = audit.whole
    as_of = audit.as_of if whole is not None else audit.as_of // _MINUTE * _MINUTE
    cells, differences = (None, None) if whole is None else (whole.cells, whole.differences)
    return {"asOf": format_instant(as_of), "equal": audit.equal, "cells": cells, "differences": differences}


def audit_slot(audit: AuditSeen | None, as_of: int, language: Language) -> tuple[str, str]:
    """Say what came of the last audit, on a page that stands as of an instant: the text, and `differs` where it did."""
    t = translator(language)
    if audit is None:
        return t("audit_none"), ""
    at = moment(audit.as_of, language, seconds=False)
    if local_day(audit.as_of) == local_day(as_of):
        at = at.rpartition(", ")[2]
    state = "" if audit.equal else "differs"
    if audit.whole is None:
        return t("audit_equal" if audit.equal else "audit_differs", at=at), state
    cells, found = number(audit.whole.cells, language), number(audit.whole.differences, language)
    if audit.equal:
        return t("audit_equal_cells", count=audit.whole.cells, n=cells, at=at), state
    return t("audit_differs_cells", n=found, m=cells, at=at), state


def public_slot(published: date | None, language: Language) -> tuple[str, str]:
    """Say of which day the figures of others are, and what a range is; None: nothing was published yet."""
    t = translator(language)
    return t("public_none") if published is None else t("public_of", day=day(published, language)), ""
