"""A checksum of events that does not depend on the file that holds them, nor on how they were read."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
import pyarrow as pa

__all__ = ["Digest"]

_COLUMNS: Final = ("position", "recorded_at", "event")


class Digest:
    """Takes events in, in their order, batch by batch; where a batch ends makes no difference.

    SHA-256 of four such: of the positions and of the recorded instants (micros) as 64-bit little-endian numbers, of the
    lengths of the texts in bytes likewise, and of the texts one after another.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._parts = [hashlib.sha256() for _ in range(4)]
        self.events = 0
        """Events taken in."""

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in events as columns (``projections.evaluation.columns.SCHEMA``), with their text."""
        position, recorded, event = (batch.column(name) for name in _COLUMNS)
        offsets = np.frombuffer(event.buffers()[1], np.int32)[event.offset : event.offset + len(event) + 1]
        texts = memoryview(event.buffers()[2] or b"")[offsets[0] : offsets[-1]]
        for part, values in zip(
            self._parts,
            (
                position.to_numpy().astype("<i8").tobytes(),
                recorded.cast(pa.int64()).to_numpy().astype("<i8").tobytes(),
                np.diff(offsets).astype("<i8").tobytes(),
                texts,
            ),
            strict=True,
        ):
            part.update(values)
        self.events += batch.num_rows

    def hexdigest(self) -> str:
        """Give the checksum of all that was taken in."""
        return hashlib.sha256(b"".join(part.digest() for part in self._parts)).hexdigest()
