"""Somebody who looks at a live view all the time, by one reader and by a new one each time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from projections.live.database import Place
from projections.live.reading import LiveReader

__all__ = ["Looking"]


class Looking:
    """Looks while the block lasts, and keeps what nobody should ever see."""

    def __init__(self, place: Place) -> None:
        self._place, self._over = place, threading.Event()
        self.looks = 0
        self.went_back: list[tuple[int, int]] = []
        self.errors: list[BaseException] = []
        self.stood_still = 0.0
        """The longest time, in seconds, for which a look found what the one before it found."""
        self._threads = [threading.Thread(target=self._look, args=(anew,)) for anew in (False, True)]

    def _look(self, anew: bool) -> None:
        reader, last, since = LiveReader(self._place), 0, time.monotonic()
        try:
            while not self._over.is_set():
                if anew:
                    reader.close()
                    reader = LiveReader(self._place)
                position = reader.tables(reader.recorded_until).position
                if position < last:
                    self.went_back.append((last, position))
                if position != last:
                    since = time.monotonic()
                self.stood_still = max(self.stood_still, time.monotonic() - since)
                last = position
                self.looks += 1
                time.sleep(0.02)
        except BaseException as error:
            self.errors.append(error)
        finally:
            reader.close()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look for the length of the block."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in self._threads:
                thread.join(60)
