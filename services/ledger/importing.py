"""Importing a file of events into the ledger: validated, each event once, fast, and to be repeated at will."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from events import FIELD_HEADER, IMPORT_DESK, REJECTED_STREAM, RULE_HEADER, Rejected, rejected_subject
from services.ledger.catching_up import digest, others_between
from services.ledger.connecting import Ledger
from services.ledger.flight import Message
from services.ledger.import_lines import LENGTH_RULE, Chunk, Filler, Line, Refused, Tally, decide
from services.ledger.known import KnownEvents, Place, Standing
from services.ledger.publishing import Publisher
from services.ledger.reading import LINE_HEADER
from services.system.clock import Clock, real_now

__all__ = ["Importer"]

_PATIENCE_SECONDS: Final = 60.0
_ROOM_FOR_HEADERS: Final = 64 * 1024


class Importer:
    """One import; see `decide` for what becomes of a line.

    Three things go on beside each other: Python validates a chunk of lines, SQLite in a thread of its own looks up that
    chunk or notes the one before, and the server stores.
    """

    def __init__(
        self,
        ledger: Ledger,
        known: KnownEvents,
        places: tuple[Place, Place],
        clock: Clock,
        *,
        on_rejected: Callable[[int, Rejected], None],
        on_settled: Callable[[Chunk], None] = lambda chunk: None,
        keep: bool = True,
        parted: bool = False,
    ) -> None:
        """`places`: how far the index is in, as `catch_up` returned. `on_rejected`: told each rejected line, in order.

        `on_settled`: told each chunk of lines that is in the ledger and noted. `keep`: whether rejected lines are kept
        beside the ledger; not, when they come from there. `parted`: whether several workers keep the live view.
        """
        self._ledger = ledger
        self._known = known
        self._place, self._rejected_place = places
        self._clock = clock
        self._on_rejected = on_rejected
        self._on_settled = on_settled
        self._keeps = keep
        self._parted = parted
        self._index = ThreadPoolExecutor(1, thread_name_prefix="import-index")
        self._noting: Future[None] | None = None
        self._before: dict[bytes, Standing] = {}
        self.tally = Tally()
        self.last_line = 0
        """The number of the last line of which everything is settled."""

    async def run(self, lines: Iterator[tuple[int, bytes]]) -> Tally:
        """Import the lines and return what became of them.

        When `lines` raises, what it gave before is settled first. Raises SystemUnavailable when the ledger takes
        nothing in any more; what `tally` counts is in it then.
        """
        failure: Exception | None = None
        before: Chunk | None = None
        more = True
        filler = Filler(lines, self._ledger.nc.max_payload - _ROOM_FOR_HEADERS, parted=self._parted)
        try:
            async with (
                Publisher[Line](self._ledger, patience=_PATIENCE_SECONDS) as events,
                Publisher[bytes](self._ledger, patience=_PATIENCE_SECONDS, stream=REJECTED_STREAM) as rejected,
            ):
                while more:
                    chunk = Chunk()
                    try:
                        more = await filler.fill(chunk, self._clock.now())
                    except Exception as error:
                        failure, more = error, False
                    keys = sorted({line.key for line in chunk.lines})
                    chunk.found = self._index.submit(self._known.look_up, keys)
                    if before is not None:
                        await self._settle(before, events, rejected)
                    before = chunk
                if before is not None:
                    await self._settle(before, events, rejected)
            if self._noting is not None:
                await asyncio.wrap_future(self._noting)
        finally:
            self._index.shutdown()
        if failure is not None:
            raise failure
        return self.tally

    async def _settle(self, chunk: Chunk, events: Publisher[Line], rejected: Publisher[bytes]) -> None:
        """Publish what is new in a chunk, keep what is rejected, and note both in the index."""
        found = await asyncio.wrap_future(chunk.found)

        def known(key: bytes) -> Standing | None:
            # The chunk before may not have been noted yet when this one was looked up.
            return self._before.get(key) or found.get(key)

        decided = decide(chunk.lines, known, real_now())
        await events.publish_all([Message(line.subject, line.raw, None, line) for line in decided.publish])
        refused = sorted(chunk.refused + decided.conflicts, key=lambda each: each.number)
        if self._keeps:
            await self._keep(refused, rejected)
        # An acknowledgement does not tell the ledger's own time of a message; it was before this.
        stamp = real_now()
        for key, standing in decided.unstamped.items():
            if decided.standing[key] is standing:
                decided.standing[key] = (stamp, standing[1])
        await self._note(decided.standing, events.taken())
        self._before = decided.standing
        self.tally.read += chunk.read
        self.tally.new += chunk.read - decided.known - len(refused)
        self.tally.known += decided.known
        self.tally.rejected += len(refused)
        self.last_line = max(self.last_line, chunk.last_number)
        for each in refused:
            self._on_rejected(each.number, each.why)
        self._on_settled(chunk)

    async def _note(self, standing: dict[bytes, Standing], taken: list[tuple[int, Line]]) -> None:
        """Put what was published into the index, with what others published in between."""
        if not taken:
            return
        ours = {sequence for sequence, _ in taken}
        newest, line = max(reversed(taken), key=lambda each: each[0])
        if len(ours) != newest - self._place.position:
            others = await others_between(self._ledger.nc, self._place.position, newest, ours)
            for key, copy in others.items():
                if key not in standing or copy[0] < standing[key][0]:
                    standing[key] = copy
        self._place = replace(self._place, position=newest, last=digest(line.raw))
        await self._write(standing, (), self._place)

    async def _keep(self, refused: list[Refused], rejected: Publisher[bytes]) -> None:
        """Keep rejected lines whole beside the ledger, each once however often it is imported."""
        lines = {digest(each.raw): each for each in refused if each.why.rule != LENGTH_RULE}
        if not lines:
            return
        keys = sorted(lines)
        kept = await asyncio.wrap_future(self._index.submit(self._known.look_up_rejected, keys))
        subject = rejected_subject(IMPORT_DESK)
        for key, each in lines.items():
            if key not in kept:
                headers = {
                    FIELD_HEADER: each.why.field,
                    RULE_HEADER: each.why.rule,
                    LINE_HEADER: str(each.number),
                }
                await rejected.publish(subject, each.raw, key, headers)
        await rejected.drain()
        if taken := rejected.taken():
            newest, key = max(taken)
            self._rejected_place = replace(self._rejected_place, position=newest, last=key)
            await self._write({}, [key for _, key in taken], self._rejected_place)

    async def _write(self, standing: dict[bytes, Standing], rejected: list[bytes] | tuple[()], place: Place) -> None:
        if self._noting is not None:
            await asyncio.wrap_future(self._noting)
        self._noting = self._index.submit(self._known.write, place, standing.items(), rejected)
