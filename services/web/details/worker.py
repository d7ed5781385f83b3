"""Answer questions about the live view, beside the pages' server.

``python -m services.web.details.worker FILE ARCHIVE``

With ``-`` for FILE the environment names a PostgreSQL database: its address may hold a password, which no argument may.
With ``-`` for ARCHIVE, the directory of the archive of the same ledger, there is none.

Batches come on standard input and answers go to standard output, see `answer_each`. It ends with its
input, and gives way to the fold and the pages where they want the processor.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import structlog

from projections.live.database import UNREADABLE, Place
from projections.live.reading import LiveReader
from services.system.beside import answer_each, give_way
from services.system.lean import stay_lean
from services.system.logs import configure_logging
from services.web.details.questions import Batch, OfArea, OfPlace

if TYPE_CHECKING:
    from projections.live.settling import Recall

__all__ = ["DATABASE", "NONE", "Answers"]

Answers = list[OfArea | OfPlace] | None
"""In the order of the questions; None when the view could not be read."""

DATABASE: Final = "KINDINBEELD_DATABASE"

NONE: Final = "-"

_log = structlog.get_logger(__name__)


class _Worker:
    """Answers batches from the view that is in place."""

    def __init__(self, database: Place, archive: Path | None) -> None:
        self._database, self._archive = database, archive
        self._recall: Recall | None = None
        self._reader: LiveReader | None = None

    def answer(self, asked: bytes) -> bytes:
        from services.web.details.answering import answers

        batch = msgspec.msgpack.decode(asked, type=Batch)
        found: Answers = None
        try:
            self._reader = self._reader or LiveReader(self._database)
            found = answers(self._reader, batch, self._recalling())
        except UNREADABLE as error:
            # A view that is being made, or put into the place of another; the pages go on with what they were told.
            _log.warning("details.unreadable", error=type(error).__name__)
        return msgspec.msgpack.encode(found)

    def _recalling(self) -> Recall:
        if self._recall is None:
            from projections.archive.recalling import FromArchive
            from projections.live.settling import nothing_recalled

            self._recall = nothing_recalled if self._archive is None else FromArchive(self._archive)
        return self._recall


def main() -> None:
    """Serve until the input ends."""
    configure_logging()
    stay_lean()
    give_way()
    file, archive = (None if each == NONE else Path(each) for each in sys.argv[1:])
    worker = _Worker(os.environ[DATABASE] if file is None else file, archive)
    answer_each(worker.answer, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
