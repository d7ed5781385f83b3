"""Answer questions about the live view: ``python -m services.web.details.worker DATABASE``, beside the pages' server.

Batches come on standard input and answers go to standard output, see `answer_each`. It ends with its
input, and gives way to the fold and the pages where they want the processor.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import msgspec
import structlog

from projections.live.reading import LiveReader
from services.system.beside import answer_each, give_way
from services.system.lean import do_without_pandas
from services.system.logs import configure_logging
from services.web.details.questions import Batch, OfArea, OfPlace

__all__ = ["Answers"]

Answers = list[OfArea | OfPlace] | None
"""In the order of the questions; None when the view could not be read."""

_log = structlog.get_logger(__name__)


class _Worker:
    """Answers batches from the view that is in place."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._reader: LiveReader | None = None

    def answer(self, asked: bytes) -> bytes:
        from services.web.details.answering import answers

        batch = msgspec.msgpack.decode(asked, type=Batch)
        found: Answers = None
        try:
            self._reader = self._reader or LiveReader(self._database)
            found = answers(self._reader, batch)
        except (sqlite3.Error, OSError) as error:
            # A view that is being made, or put into the place of another; the pages go on with what they were told.
            _log.warning("details.unreadable", error=type(error).__name__)
        return msgspec.msgpack.encode(found)


def main() -> None:
    """Serve until the input ends."""
    configure_logging()
    do_without_pandas()
    give_way()
    answer_each(_Worker(Path(sys.argv[1])).answer, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
