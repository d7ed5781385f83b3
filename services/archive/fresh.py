"""The archive of a system as a source for others: when it holds all that the ledger holds now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from projections.archive import Archive, ArchiveError
from services.ledger.asking import stream_info
from services.ledger.connecting import connect
from services.system import DataDir, SystemRecord

if TYPE_CHECKING:
    from nats.js.api import StreamState

__all__ = ["fresh_archive"]


def fresh_archive(data_dir: DataDir, record: SystemRecord) -> Archive | None:
    """Give the system's archive if it holds neither less than the ledger nor anything that was removed from it since.

    None when there is none, or when it is to be built first. Raises SystemUnavailable when the ledger does not answer.
    """
    try:
        archive = Archive(data_dir.archive)
    except ArchiveError:
        return None
    state = asyncio.run(_state(record))
    messages = sum(segment.messages for segment in archive.manifest.segments)
    held = (archive.manifest.source, archive.settled.position, messages)
    return archive if held == ("ledger", state.last_seq, state.messages) else None


async def _state(record: SystemRecord) -> StreamState:
    async with await connect(record.nats, name="archive") as ledger:
        return (await stream_info(ledger.nc)).state
