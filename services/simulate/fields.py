"""Columns of numbers as columns of characters: identifiers, pseudonyms and times of a fixed width."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from events.times import DAY
from services.simulate.calendar import EPOCH_DAY, FIRST_DAY, LAST_DAY, OFFSETS, SECOND
from services.simulate.draws import Ints, Words, key_of, scramble

__all__ = ["Bytes", "Names", "texts", "write_local", "write_utc"]

Bytes = NDArray[np.uint8]


def _table(entries: Iterable[str]) -> Bytes:
    """Give texts of one width as the rows of a matrix of characters."""
    rows = [entry.encode() for entry in entries]
    return np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), -1)


_HEX: Final = _table(f"{i:02x}" for i in range(256))
_URL: Final = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", dtype=np.uint8)
_DATES: Final = _table(date.fromordinal(day).isoformat() for day in range(FIRST_DAY, LAST_DAY + 1))
_CLOCK: Final = _table(f"T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(86400))
_OFFSET: Final = _table(f"+{offset // (3600 * SECOND):02d}:00" for offset in OFFSETS.tolist())
_THOUSAND: Final = _table(f"{i:03d}" for i in range(1000))
_BEFORE: Final = FIRST_DAY - EPOCH_DAY


def texts(matrix: Bytes) -> list[bytes]:
    """Give each row as one text."""
    given: list[bytes] = np.ascontiguousarray(matrix).view(f"S{matrix.shape[1]}").ravel().tolist()
    return given


def write_local(into: Bytes, instants: Ints) -> None:
    """Write whole seconds by the clock of Amsterdam, with its offset, 25 characters wide."""
    utc_day = instants // DAY - _BEFORE
    seconds = (instants + OFFSETS[utc_day]) // SECOND
    into[:, :10] = _DATES[seconds // 86400 - _BEFORE]
    into[:, 10:19] = _CLOCK[seconds % 86400]
    into[:, 19:] = _OFFSET[utc_day]


def write_utc(into: Bytes, instants: Ints) -> None:
    """Write microseconds in UTC, 27 characters wide."""
    seconds, micros = instants // SECOND, instants % SECOND
    into[:, :10] = _DATES[seconds // 86400 - _BEFORE]
    into[:, 10:19] = _CLOCK[seconds % 86400]
    into[:, 19] = ord(".")
    into[:, 20:23] = _THOUSAND[micros // 1000]
    into[:, 23:26] = _THOUSAND[micros % 1000]
    into[:, 26] = ord("Z")


class Names:
    """Names that look random and follow from a seed and a number alone."""

    def __init__(self, seed: int) -> None:
        self._ids = [key_of(seed, use) for use in (1, 2)]
        self._pupils = [key_of(seed, use) for use in (3, 4, 5)]
        self._households = [key_of(seed, use) for use in (6, 7, 8)]

    def ids(self, numbers: Words) -> Bytes:
        """Write identifiers in the form of a UUID of version 8 (RFC 9562: made by a rule of one's own)."""
        words = np.stack([scramble(numbers, key) for key in self._ids], axis=1)
        hexed = _HEX[words.astype(">u8").view(np.uint8)].reshape(len(numbers), 32)
        text = np.full((len(numbers), 36), ord("-"), dtype=np.uint8)
        for left, right, first in ((0, 8, 0), (9, 13, 8), (14, 18, 12), (19, 23, 16), (24, 36, 20)):
            text[:, left:right] = hexed[:, first : first + right - left]
        text[:, 14] = ord("8")
        text[:, 19] = np.frombuffer(b"89ab", dtype=np.uint8)[words[:, 1] >> np.uint64(62)]
        return text

    def pupils(self, numbers: Words) -> Bytes:
        """Write pseudonyms of pupils: 22 characters, never nine digits, so never a BSN."""
        return _pseudonyms(numbers, self._pupils)

    def households(self, numbers: Words) -> Bytes:
        """Write pseudonyms of households, likewise."""
        return _pseudonyms(numbers, self._households)


def _pseudonyms(numbers: Words, keys: list[int]) -> Bytes:
    sixes = np.empty((len(numbers), 22), dtype=np.uint8)
    for word, start, count in zip((scramble(numbers, key) for key in keys), (0, 10, 20), (10, 10, 2), strict=True):
        for i in range(count):
            sixes[:, start + i] = (word >> np.uint64(6 * i)).astype(np.uint8) & np.uint8(63)
    return _URL[sixes]
