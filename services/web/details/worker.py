"""Answer questions about the live view: ``python -m services.web.details.worker FILE``, beside the pages' server.

Without FILE the environment names a PostgreSQL database: its address may hold a password, which no argument may.

Batches come on standard input and answers go to standard output, see `answer_each`. It ends with its
input, and gives way to the fold and the pages where they want the processor.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import msgspec
import structlog

from projections.live.database import UNREADABLE, Place
from projections.live.reading import LiveReader
from services.system.beside import answer_each, give_way
from services.system.lean import stay_lean
from services.system.logs import configure_logging
from services.web.details.questions import Batch, OfArea, OfPlace

__all__ = ["DATABASE", "Answers"]

Answers = list[OfArea | OfPlace] | None
"""In the order of the questions; None when the view could not be read."""

DATABASE: Final = "KINDINBEELD_DATABASE"

_log = structlog.get_logger(__name__)


class _Worker:
    """Answers batches from the view that is in place."""

    def __init__(self, database: Place) -> None:
        self._database = database
        self._reader: LiveReader | None = None

    def answer(self, asked: bytes) -> bytes:
        from services.web.details.answering import answers

        batch = msgspec.msgpack.decode(asked, type=Batch)
        found: Answers = None
        try:
            self._reader = self._reader or LiveReader(self._database)
            found = answers(self._reader, batch)
        except UNREADABLE as error:
            # A view that is being made, or put into the place of another; the pages go on with what they were told.
            _log.warning("details.unreadable", error=type(error).__name__)
        return msgspec.msgpack.encode(found)


def main() -> None:
    """Serve until the input ends."""
    configure_logging()
    stay_lean()
    give_way()
    place = Path(sys.argv[1]) if sys.argv[1:] else os.environ[DATABASE]
    answer_each(_Worker(place).answer, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
