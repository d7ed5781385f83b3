"""The events of a replay, checked once and kept in a file, to be taken in from any of them on as often as one likes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from events import AMSTERDAM, Rejected, day_start, parse_instant, to_micros
from events.times import week_monday
from projections.live.message import Message, Source
from projections.live.quick import QuickReader
from projections.live.wire import decode, encode

__all__ = ["History", "Point"]

_PIECE: Final = 2048
_AT_ONCE: Final = 50_000
"""Events in one transaction at most."""
_LIVE: Final = "school"
"""Any desk but the import: the recorded time that the ledger's reader found stands, whatever the event says itself."""
_WEEK: Final = re.compile(r"\d{4}-W\d{2}")
_LOCAL: Final = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2})?")


class Point(NamedTuple):
    """A moment of a replay: how many events are in, and the instant, in microseconds."""

    taken: int
    at: int


class History:
    """Events in the order of the ledger, each known from the latest recorded time up to it on, as in the live view.

    In a ledger that was written to as things became known that is its own recorded time.
    """

    def __init__(self, path: Path, batches: Iterable[pa.RecordBatch]) -> None:
        """Read columns with `position`, `recorded_at` and `event`, in the order of `position`, into the file `path`."""
        self._path = path
        self._offsets = [0]
        self._piece: tuple[int, Sequence[Message]] = (-1, [])
        positions: list[NDArray[np.int64]] = []
        recorded: list[NDArray[np.int64]] = []
        reader = QuickReader()
        path.touch(mode=0o600)
        with path.open("wb") as file:
            for sources in _in_pieces(batches):
                messages = reader.take_all(sources)
                positions.append(np.array([message.position for message in messages], dtype=np.int64))
                recorded.append(np.array([message.recorded for message in messages], dtype=np.int64))
                file.write(encode(messages, 0))
                self._offsets.append(file.tell())
        none = np.empty(0, dtype=np.int64)
        self._positions = np.concatenate([none, *positions])
        self._known = np.maximum.accumulate(np.concatenate([none, *recorded]))

    def __len__(self) -> int:
        return len(self._positions)

    def position(self, taken: int) -> int:
        """Give the ledger's sequence of the last of so many events; 0 for none."""
        return int(self._positions[taken - 1]) if taken else 0

    def known(self, taken: int) -> int:
        """Give the instant from which so many events, one at least, are known."""
        return int(self._known[taken - 1])

    def messages(self, begin: int, end: int) -> list[Message]:
        """Give the events from number `begin` up to, but not with, number `end`."""
        found: list[Message] = []
        while begin < end:
            number, inside = divmod(begin, _PIECE)
            if self._piece[0] != number:
                self._piece = number, self._read(number)
            found += self._piece[1][inside : inside + end - begin]
            begin = min(end, (number + 1) * _PIECE)
        return found

    def pieces(self, begin: int, end: int) -> Iterator[list[Message]]:
        """Give the same in pieces, each to be one transaction of a view."""
        for first in range(begin, end, _AT_ONCE):
            yield self.messages(first, min(end, first + _AT_ONCE))

    def _read(self, number: int) -> Sequence[Message]:
        first, last = self._offsets[number : number + 2]
        with self._path.open("rb") as file:
            file.seek(first)
            return decode(file.read(last - first))[0]

    def at(self, instant: int) -> Point:
        """Give the moment of an instant: all that is known by then."""
        return Point(int(np.searchsorted(self._known, instant, side="right")), instant)

    def of(self, sequence: int) -> Point:
        """Give the moment just after the event with a sequence was recorded, before the next one in the ledger."""
        taken = int(np.searchsorted(self._positions, sequence, side="right"))
        return Point(taken, int(self._known[max(taken - 1, 0)]) if len(self) else 0)

    def before(self, text: str) -> int:
        """Give how many events come before a moment, read as `moment` does: a view from there on leaves them out."""
        if text.isdecimal():
            return int(np.searchsorted(self._positions, int(text), side="left"))
        return int(np.searchsorted(self._known, self.moment(text).at, side="left"))

    def following(self, taken: int) -> Point | None:
        """Give the moment at which the next events became known; None after the last."""
        return self.at(int(self._known[taken])) if taken < len(self) else None

    def moment(self, text: str) -> Point:
        """Read a sequence (`120`), a week (`2020-W14`, its beginning), an instant, or one in Amsterdam's time.

        Raises Rejected for anything else.
        """
        if text.isascii() and text.isdecimal() and len(text) < 16:
            return self.of(int(text))
        if _WEEK.fullmatch(text):
            return self.at(day_start(week_monday(text)))
        if _LOCAL.fullmatch(text):
            try:
                return self.at(to_micros(datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)))
            except ValueError:
                raise Rejected("moment", "must be a day and a time that exist") from None
        return self.at(parse_instant(text, "moment"))


def _in_pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[list[Source]]:
    waiting: list[Source] = []
    for batch in batches:
        columns = (
            batch.column("position").to_pylist(),
            batch.column("recorded_at").cast(pa.int64()).to_pylist(),
            batch.column("event").to_pylist(),
        )
        for position, recorded, event in zip(*columns, strict=True):
            waiting.append(Source(position, recorded, _LIVE, event if isinstance(event, bytes) else event.encode()))
            if len(waiting) == _PIECE:
                yield waiting
                waiting = []
    if waiting:
        yield waiting
