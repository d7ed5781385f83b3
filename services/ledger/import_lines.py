"""The lines of an import: validated in chunks, and what is to become of each, by what the ledger already holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
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
    to_micros,
)
from services.ledger.known import Standing

__all__ = ["CONFLICT_RULE", "FUTURE_RULE", "LENGTH_RULE", "Chunk", "Decided", "Line", "Tally", "decide", "fill"]

CONFLICT_RULE: Final = "is that of another event from this source, recorded no later: the first recorded stands"
FUTURE_RULE: Final = "is later than now by more than 5 minutes"
LENGTH_RULE: Final = "is longer than the ledger takes (8 MB)"

_LINES: Final = 32_768
_BYTES: Final = 16 * 1024 * 1024
_YIELD: Final = 512


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


_SUBJECTS: dict[str, str] = {}


def _line(number: int, raw: bytes, now: int) -> Line:
    event = parse_event(raw)
    if event.recordedtime is None:
        ensure_recordable(event, now)
        recorded = None
    else:
        recorded = to_micros(event.recordedtime)
        if recorded - now > CLOCK_TOLERANCE:
            raise Rejected("recordedtime", FUTURE_RULE)
    subject = _SUBJECTS.get(event.kind)
    if subject is None:
        subject = _SUBJECTS[event.kind] = event_subject(IMPORT_DESK, event.kind)
    return Line(number, raw, subject, event_key(event.source, event.id), content_digest(raw), recorded)


async def fill(chunk: Chunk, lines: Iterator[tuple[int, bytes]], now: int, longest: int) -> bool:
    """Read and validate lines into the chunk; return whether more may come.

    `now` in microseconds; `longest`: the bytes of the longest line that the ledger takes. Lets other tasks run now and
    then. Raises what `lines` raises; what was read until then is in the chunk.
    """
    for number, raw in lines:
        chunk.read += 1
        chunk.size += len(raw) + 1
        chunk.last_number = number
        try:
            if len(raw) > longest:
                raise Rejected("line", LENGTH_RULE)
            chunk.lines.append(_line(number, raw, now))
        except Rejected as why:
            chunk.refused.append(Refused(number, raw, why))
        if chunk.read >= _LINES or chunk.size >= _BYTES:
            return True
        if chunk.read % _YIELD == 0:
            await asyncio.sleep(0)
    return False


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
