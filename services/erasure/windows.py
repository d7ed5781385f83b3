"""Windows of bytes known by their hashes: which of a text's may be one of a name's, out of millions of names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["WIDTHS", "WORD", "Numbers", "Table", "Words", "hashes_of"]

Words = NDArray[np.uint64]
Numbers = NDArray[np.int64]

WIDTHS: Final = (1, 2, 4, 8, 16, 32)
"""How many bytes a window may have: for each name the most that it has itself."""
WORD: Final = 8
_SPARSE: Final = 256
"""Bits of a filter for each name, as far as it may have so many."""
_LEAST, _COARSE, _FINE = 16, 24, 30
"""How many bits a filter has at least, and at most: the first stays in the processor's cache (2 MB), the second not."""
_SEVEN, _THREE = np.uint64(7), np.uint64(3)
_ODD, _OTHER = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_HALF = np.uint64(32)


class Table:
    """The names whose window has one width: a filter of bits, and behind it the hashes in order."""

    def __init__(self, width: int, which: Numbers, begins: Numbers, lengths: Numbers, names: NDArray[np.uint8]) -> None:
        self.width = width
        first = _hashes_at(names, begins, width)
        last = _hashes_at(names, begins + lengths - width, width)
        use_last = _shared(last) < _shared(first)
        keys = np.where(use_last, last, first)
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._which = which[order]
        self._before = np.where(use_last, lengths - width, 0)[order]
        self._coarse = _Filter(self._keys, _COARSE)
        self._fine = _Filter(self._keys, _FINE)

    def alike(self, hashes: Words) -> Iterator[tuple[int, int, int]]:
        """Give each window that has the hash of a name's: its place, the name's number, what is of it before."""
        places = self._coarse.among(hashes)
        kept = hashes[places]
        again = self._fine.among(kept)
        places, kept = places[again], kept[again]
        begins = np.searchsorted(self._keys, kept)
        ends = np.searchsorted(self._keys, kept, "right")
        for index in np.flatnonzero(begins < ends):
            for number in range(begins[index], ends[index]):
                yield int(places[index]), int(self._which[number]), int(self._before[number])


class _Filter:
    """A bit for each value that the highest bits of a hash can have: whether one of the names has it."""

    def __init__(self, keys: Words, most: int) -> None:
        bits = min(max((len(keys) * _SPARSE).bit_length(), _LEAST), most)
        self._shift = np.uint64(64 - bits)
        self._bits = np.zeros(1 << (bits - 3), np.uint8)
        places = keys >> self._shift
        np.bitwise_or.at(
            self._bits, (places >> _THREE).view(np.int64), np.uint8(1) << (places & _SEVEN).astype(np.uint8)
        )

    def among(self, hashes: Words) -> NDArray[np.intp]:
        """Give the places of those whose bit is set."""
        places = hashes >> self._shift
        which = (places & _SEVEN).astype(np.uint8)
        places >>= _THREE
        held = self._bits.take(places.view(np.int64))
        held >>= which
        held &= np.uint8(1)
        return np.flatnonzero(held.view(np.bool_))


def _shared(hashes: Words) -> Numbers:
    """Give for each how many there are of it."""
    _, back, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return counts[back]


def _mixed(words: Words) -> Words:
    mixed = words * _ODD
    mixed ^= mixed >> _HALF
    mixed *= _OTHER
    return mixed


def hashes_of(text: bytes, width: int, known: dict[int, Words]) -> Words:
    """Give the hash of the window at each place; `known` keeps those of one text."""
    if width not in known:
        if width <= WORD:
            count = max(0, len(text) - width + 1)
            words = np.ndarray((count,), f"<u{width}", text, strides=(1,)) if count else np.zeros(0, np.uint8)
            known[width] = _mixed(words.astype(np.uint64))
        else:
            half = hashes_of(text, width // 2, known)
            known[width] = _joined(half[: -(width // 2)], half[width // 2 :])
    return known[width]


def _hashes_at(text: NDArray[np.uint8], places: Numbers, width: int) -> Words:
    """Give the hashes of the windows at these places."""
    if width <= WORD:
        words = np.ndarray((len(text) - width + 1,), f"<u{width}", text, strides=(1,))
        return _mixed(words[places].astype(np.uint64))
    return _joined(_hashes_at(text, places, width // 2), _hashes_at(text, places + width // 2, width // 2))


def _joined(first: Words, second: Words) -> Words:
    joined = first >> _HALF
    joined ^= first * _ODD
    joined += second
    joined *= _OTHER
    return joined
