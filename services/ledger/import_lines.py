"""The lines of an import: validated in chunks, and what is to become of each, by what the ledger already holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from events import (
    CLOCK_TOLERANCE,
    IMPORT_DESK,
    Rejected,
    content_digest,
    ensure_recordable,
    event_key,
    event_subject,
    parse_event,
    part_of_event,
    parts_of_columns,
    to_micros,
)
from events.quick import QuickChecker
from services.ledger.known import Standing

__all__ = ["CONFLICT_RULE", "FUTURE_RULE", "LENGTH_RULE", "Chunk", "Decided", "Filler", "Line", "Tally", "decide"]

CONFLICT_RULE: Final = "is that of another event from this source, recorded no later: the first recorded stands"
FUTURE_RULE: Final = "is later than now by more than 5 minutes"
LENGTH_RULE: Final = "is longer than the ledger takes (8 MB)"

_LINES: Final = 32_768
_BYTES: Final = 16 * 1024 * 1024
_PIECE: Final = 1024
"""Lines that are validated together at most: some ten milliseconds in which no other task runs."""
_PIECE_BYTES: Final = 1024 * 1024


@dataclass
class Tally:
    """How many lines were read, and what became of them: read = new + known + rejected."""

    read: int = 0
    new: int = 0
    known: int = 0
    rejected: int = 0

    def __str__(self) -> str:
        return f"read {self.read}, new {self.new}, known {self.known}, rejected {self.rejected}"


@dataclass(slots=True)
class Line:
    """A valid line. `recorded`: its own recordedtime in microseconds, None when the ledger is to stamp it."""

    number: int
    raw: bytes
    subject: str
    key: bytes
    content: bytes
    recorded: int | None


@dataclass
class Refused:
    """A line that broke a rule."""

    number: int
    raw: bytes
    why: Rejected


@dataclass
class Chunk:
    """Lines read together. `found` will hold what the index has of their events."""

    lines: list[Line] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    found: Future[dict[bytes, Standing]] = field(default_factory=Future)
    read: int = 0
    size: int = 0
    last_number: int = 0


def _line(number: int, raw: bytes, now: int, parted: bool) -> Line:
    event = parse_event(raw)
    if event.recordedtime is None:
        ensure_recordable(event, now)
        recorded = None
    else:
        recorded = to_micros(event.recordedtime)
        if recorded - now > CLOCK_TOLERANCE:
            raise Rejected("recordedtime", FUTURE_RULE)
    subject = _subject(event.kind, part_of_event(event) if parted else None)
    return Line(number, raw, subject, event_key(event.source, event.id), content_digest(raw), recorded)


@lru_cache
def _subject(kind: str, part: int | None) -> str:
    return event_subject(IMPORT_DESK, kind, part)


class Filler:
    """Reads and validates lines into chunks."""

    def __init__(self, lines: Iterator[tuple[int, bytes]], longest: int, *, parted: bool = False) -> None:
        """`lines` are numbered; `longest`: the bytes of the longest line that the ledger takes.

        `parted`: whether subjects name the parts, for several workers.
        """
        self._lines, self._longest, self._parted = lines, longest, parted
        self._checker = QuickChecker()

    async def fill(self, chunk: Chunk, now: int) -> bool:
        """Read and validate lines into the chunk; return whether more may come.

        `now` in microseconds. Lets other tasks run now and then. Raises what the lines raise; what was read until then
        is in the chunk.
        """
        more = True
        while more and chunk.read < _LINES and chunk.size < _BYTES:
            piece: list[tuple[int, bytes]] = []
            try:
                more = self._read(piece)
            finally:
                self._take(chunk, piece, now)
            await asyncio.sleep(0)
        return more

    def _read(self, piece: list[tuple[int, bytes]]) -> bool:
        """Read lines that are validated together; return whether more may come."""
        size = 0
        for number, raw in self._lines:
            piece.append((number, raw))
            size += len(raw)
            if len(piece) == _PIECE or size >= _PIECE_BYTES:
                return True
        return False

    def _take(self, chunk: Chunk, piece: list[tuple[int, bytes]], now: int) -> None:
        """Validate lines and put them into the chunk, in their order."""
        if not piece:
            return
        chunk.read += len(piece)
        chunk.size += sum(len(raw) + 1 for _, raw in piece)
        chunk.last_number = piece[-1][0]
        good: list[Line | None] = [None] * len(piece)
        # A line that is too long is none: nothing is looked for in it.
        raws = [raw if len(raw) <= self._longest else b"" for _, raw in piece]
        checked, others = self._checker.check(raws, digests=True)
        for found in checked:
            keys = list(map(event_key, found.values["source"], found.values["id"]))
            parts = parts_of_columns(found.kind, found.values, keys) if self._parted else None
            subjects = [_subject(found.kind, part) for part in parts or ()] or [_subject(found.kind, None)] * len(keys)
            times = found.occurred.to_pylist(), found.recorded.to_pylist()
            each = zip(found.at, subjects, keys, found.content, *times, strict=True)
            for at, subject, key, content, occurred, recorded in each:
                number, raw = piece[at]
                known_at = now if recorded is None else recorded
                if occurred - known_at > CLOCK_TOLERANCE or known_at - now > CLOCK_TOLERANCE:
                    others.append(at)  # the contract's reader says which rule it breaks
                else:
                    good[at] = Line(number, raw, subject, key, content, recorded)
        self._take_others(chunk, piece, good, others, now)
        chunk.lines += [line for line in good if line is not None]

    def _take_others(
        self, chunk: Chunk, piece: list[tuple[int, bytes]], good: list[Line | None], others: list[int], now: int
    ) -> None:
        for at in sorted(others):
            number, raw = piece[at]
            try:
                if len(raw) > self._longest:
                    raise Rejected("line", LENGTH_RULE)
                good[at] = _line(number, raw, now, self._parted)
            except Rejected as why:
                chunk.refused.append(Refused(number, raw, why))


@dataclass
class Decided:
    """What is to be published, what stands after it, and what is known or refused."""

    publish: list[Line] = field(default_factory=list)
    standing: dict[bytes, Standing] = field(default_factory=dict)
    unstamped: dict[bytes, Standing] = field(default_factory=dict)
    """Of `standing`, what the ledger will stamp: its recorded time is the time of the decision."""
    known: int = 0
    conflicts: list[Refused] = field(default_factory=list)


def decide(lines: list[Line], known: Callable[[bytes], Standing | None], stamp: int) -> Decided:
    """Decide about valid lines, in their order, by the copy of each event that stands in the ledger.

    The first recorded stands (COUNTS.md). So a line recorded earlier than the copy that stands is published whatever
    that copy is: with the same content the event is known and only its recorded time moves, with another it is new and
    the copy loses. A line not recorded earlier is known with the same content and in conflict with another. `stamp`:
    about when the ledger will stamp a line without a recorded time, in microseconds.
    """
    decided = Decided()
    standing = decided.standing
    for line in lines:
        was = standing.get(line.key) or known(line.key)
        same = was is not None and was[1] == line.content
        if was is not None and (line.recorded is None or line.recorded >= was[0]):
            if same:
                decided.known += 1
            else:
                decided.conflicts.append(Refused(line.number, line.raw, Rejected("id", CONFLICT_RULE)))
            continue
        decided.known += same
        decided.publish.append(line)
        if line.recorded is None:
            standing[line.key] = decided.unstamped[line.key] = (stamp, line.content)
        else:
            standing[line.key] = (line.recorded, line.content)
    return decided
