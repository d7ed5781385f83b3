"""Answer questions about the live view: ``python -m services.web.details.worker DATABASE``, beside the pages' server.

Batches come on standard input and answers go to standard output, each with its length before it. It ends with its
input, and gives way to the fold and the pages where they want the processor.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
import structlog

from projections.live.reading import LiveReader
from services.system.lean import do_without_pandas
from services.system.logs import configure_logging
from services.web.details.questions import Batch, OfArea, OfPlace

__all__ = ["LENGTH", "Answers", "packed"]

LENGTH: Final = 4
"""Bytes of the length before a batch and before its answers, the highest first."""
Answers = list[OfArea | OfPlace] | None
"""In the order of the questions; None when the view could not be read."""

_NICE: Final = 5
_log = structlog.get_logger(__name__)


def packed(message: Batch | Sequence[OfArea | OfPlace] | None) -> bytes:
    """Pack a batch or its answers, with the length."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(LENGTH, "big") + body


def _serve(database: Path, asked: BinaryIO, told: BinaryIO) -> None:
    from services.web.details.answering import answers

    reader: LiveReader | None = None
    while length := asked.read(LENGTH):
        batch = msgspec.msgpack.decode(asked.read(int.from_bytes(length, "big")), type=Batch)
        found: Answers = None
        try:
            reader = reader or LiveReader(database)
            found = answers(reader, batch)
        except (sqlite3.Error, OSError) as error:
            # A view that is being made, or put into the place of another; the pages go on with what they were told.
            _log.warning("details.unreadable", error=type(error).__name__)
        told.write(packed(found))
        told.flush()


def main() -> None:
    """Serve until the input ends."""
    configure_logging()
    do_without_pandas()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    _serve(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
