"""How much the live view takes in and how long that takes, as metrics: counted where it folds, told by the pages.

The view's process listens on nothing. It writes its metrics into a small file beside its database, at most once a
second, and the pages' `/metrics` gives them on to whoever may see them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest

__all__ = ["MEANINGS", "Measures"]

MEANINGS: Final = {
    "kib_view_applied_messages_total": "Messages of the ledger that the live view has taken in since its start.",
    "kib_view_apply_duration_seconds": "How long a transaction of the live view takes, from folding to its commit.",
}
"""Every metric of the view's process, and what it means."""

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_EVERY: Final = 1.0


class Measures:
    """What was measured since the start; ``applied`` is called in the thread that folds."""

    def __init__(self) -> None:
        self._written = b""
        self.last_seconds = 0.0
        """How long the last transaction took."""
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry(auto_describe=False)
        applied, duration = MEANINGS
        self._applied = Counter(applied, MEANINGS[applied], registry=self._registry)
        self._duration = Histogram(duration, MEANINGS[duration], buckets=_BUCKETS, registry=self._registry)

    def applied(self, messages: int, seconds: float) -> None:
        """Note a transaction."""
        self.last_seconds = seconds
        self._applied.inc(messages)
        self._duration.observe(seconds)

    def passed(self, messages: int) -> None:
        """Note that others have taken messages in, of whose transactions nothing is known here."""
        self._applied.inc(messages)

    def text(self) -> bytes:
        """Give everything in the text format of Prometheus."""
        return generate_latest(self._registry)

    def write(self, path: Path) -> None:
        """Write them to a file, unless nothing has changed. Raises OSError."""
        if (text := self.text()) != self._written:
            _replace(path, text)
            self._written = text

    async def keep_written(self, path: Path) -> None:
        """Keep a file of them current until cancelled; then it goes."""
        try:
            while True:
                with contextlib.suppress(OSError):  # a full disk: the fold says so, and the next second is soon
                    self.write(path)
                await asyncio.sleep(_EVERY)
        finally:
            _remove(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _replace(path: Path, text: bytes) -> None:
    beside = path.with_suffix(".part")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    beside.replace(path)
