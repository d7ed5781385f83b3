"""How the archive of a running system is kept, as metrics in a small file, which the pages' `/metrics` gives on."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["MEANINGS", "Measures", "told"]

MEANINGS: Final = {
    "kib_archive_position": "The sequence of the ledger up to which the archive has everything.",
    "kib_archive_behind_events": "Events of the ledger that the archive does not hold yet.",
    "kib_archive_behind_seconds": "For how long the archive has been behind the ledger.",
    "kib_archive_wait_seconds": "How long is waited after a build of the archive was done until the next at least.",
    "kib_archive_looked_timestamp_seconds": "When how far the archive is was told last; it goes on only while kept.",
    "kib_archive_build_duration_seconds": "How long the last build of the archive took.",
    "kib_archive_builds_total": "Builds of the archive since the start.",
    "kib_archive_failing_seconds": "For how long no build was done since one could not be; 0 when the last was done.",
    "kib_archive_failures_total": "Builds of the archive since the start that could not be done.",
}
"""Every metric, and what it means."""


class Measures:
    """What was measured since the start."""

    def __init__(self, wait: float) -> None:
        """Nothing was built yet; `wait`: seconds between two builds."""
        self._numbers: dict[str, float] = {"kib_archive_builds_total": 0, "kib_archive_failures_total": 0}
        self._numbers["kib_archive_wait_seconds"] = wait
        self._level = time.monotonic()
        self._failing: float | None = None
        self._ledger = 0
        self._written = ""

    def looked(self, position: int, ledger: int, *, removed: bool = False) -> None:
        """Note how far the archive and the ledger are; `removed`: the archive holds what the ledger no longer does."""
        self._ledger = ledger
        if position >= ledger:
            self._level = time.monotonic()
            if not removed:
                self._failing = None  # nothing is to be done: somebody built it by hand
        behind = 0.0 if position >= ledger else round(time.monotonic() - self._level, 1)
        self._numbers |= {
            "kib_archive_position": position,
            "kib_archive_behind_events": max(0, ledger - position),
            "kib_archive_behind_seconds": behind,
            "kib_archive_looked_timestamp_seconds": round(time.time()),
        }

    def built(self, done: bool, seconds: float, position: int, wait: float) -> None:
        """Note a build, how far the archive is after it, and how many seconds are waited until the next.

        After one that could not be done the wait is not told: what waits for it would wait for ever longer failures.
        """
        if done:
            self._numbers["kib_archive_builds_total"] += 1
            self._numbers["kib_archive_wait_seconds"] = round(wait, 3)
            self._numbers["kib_archive_build_duration_seconds"] = round(seconds, 3)
            self._failing = None
        else:
            self.failed()
        self.looked(position, self._ledger, removed=not done)

    def failed(self) -> None:
        """Note that it could not be built, or not even be begun with."""
        self._numbers["kib_archive_failures_total"] += 1
        if self._failing is None:
            self._failing = time.monotonic()

    def write(self, path: Path) -> None:
        """Write them to a file, unless nothing has changed."""
        since = self._failing
        self._numbers["kib_archive_failing_seconds"] = 0 if since is None else round(time.monotonic() - since, 1)
        lines = []
        for name, meaning in MEANINGS.items():
            if name in self._numbers:
                kind = "counter" if name.endswith("_total") else "gauge"
                lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}", f"{name} {self._numbers[name]}"]
        if (text := "\n".join(lines) + "\n") != self._written:
            with suppress(OSError):  # a full disk: the next look is soon
                beside = path.with_suffix(".part-archive")
                with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                    file.write(text)
                beside.replace(path)
                self._written = text


def told(path: Path) -> dict[str, float | None]:
    """Give what such a file says, in the words of `/health`; what it does not say is None. Raises OSError."""
    text = path.read_text("utf-8")
    found = dict(line.split(" ", 1) for line in text.splitlines() if not line.startswith("#") and " " in line)
    names = {
        "position": "kib_archive_position",
        "eventsBehind": "kib_archive_behind_events",
        "secondsBehind": "kib_archive_behind_seconds",
        "lastBuildSeconds": "kib_archive_build_duration_seconds",
        "failures": "kib_archive_failures_total",
    }
    numbers = {short: float(found[name]) if name in found else None for short, name in names.items()}
    return {short: number if number is None or number % 1 else int(number) for short, number in numbers.items()}
