"""Chance that is the same on every machine.

NumPy promises that the raw stream of PCG64 and the hashing of a SeedSequence never change (NEP 19); it does not promise
that of the distributions built on them, nor that `exp` or `log` round alike on every processor. So only raw words are
drawn, and everything after that is integer arithmetic, comparison, and single IEEE additions and multiplications.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Draws", "Floats", "Ints", "Words", "key_of", "scramble"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.uint64]

_ULP: Final = 2.0**-53


class Draws:
    """An independent stream of chance for one (seed, key): equal arguments give equal draws, in the order asked for."""

    def __init__(self, seed: int, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key))

    def uniform(self, n: int) -> Floats:
        """Give `n` doubles in [0, 1), each a multiple of 2**-53."""
        words: Words = self._bits.random_raw(n)
        return (words >> np.uint64(11)).astype(np.float64) * _ULP

    def below(self, n: int, limit: int | Ints) -> Ints:
        """Give `n` whole numbers from 0 up to, not including, `limit` (one for all, or one each)."""
        return (self.uniform(n) * limit).astype(np.int64)

    def chance(self, n: int, probability: float | Floats) -> NDArray[np.bool_]:
        """Say `n` times whether something of this probability happens."""
        return self.uniform(n) < probability

    def pick(self, n: int, weights: Sequence[int] | Ints) -> Ints:
        """Give `n` indices into `weights` (whole numbers), each as likely as its weight."""
        steps = np.cumsum(np.asarray(weights, dtype=np.int64))
        return np.searchsorted(steps, self.below(n, int(steps[-1])), side="right").astype(np.int64)

    def spread(self, n: int, knots: Sequence[float]) -> Floats:
        """Give `n` values of the distribution whose equally spaced quantiles are `knots`, straight between them."""
        at = np.asarray(knots, dtype=np.float64)
        x = self.uniform(n) * (len(at) - 1)
        left = x.astype(np.int64)
        return np.asarray(at[left] + (at[left + 1] - at[left]) * (x - left), dtype=np.float64)


def scramble(numbers: Words, key: int) -> Words:
    """Give each number another one of 64 bits, one to one (the finalizer of SplitMix64 after a keyed step)."""
    z = numbers + np.uint64(key)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)


def key_of(seed: int, use: int) -> int:
    """Give the 64-bit key of one use (identifiers, pseudonyms, ...) under a seed."""
    return int(np.random.SeedSequence(seed, spawn_key=(0, use)).generate_state(1, np.uint64)[0])
