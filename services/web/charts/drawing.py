"""Draws what it is told to: ``python -m services.web.charts.drawing``, a process of its own.

The library that draws holds up everything else in its process for as long as it takes. A job comes on the standard
input as its length (four bytes, big-endian) and a `Job` in msgpack; the picture goes out likewise, with length 0 when
it could not be drawn. Ends with its input.
"""

from __future__ import annotations

import sys
from typing import BinaryIO

import msgspec
import structlog

from services.system.beside import answer_each, give_way
from services.system.logs import configure_logging
from services.web.charts.heat import draw_heat
from services.web.charts.lines import draw_lines
from services.web.charts.pictures import Job, Lines

__all__ = ["draw", "main"]

_log = structlog.get_logger(__name__)


def draw(job: Job) -> bytes:
    """Draw a picture in its form."""
    return draw_lines(job.picture, job.form) if isinstance(job.picture, Lines) else draw_heat(job.picture, job.form)


def main(given: BinaryIO, out: BinaryIO) -> None:
    """Draw until there is nothing more to come."""
    decoder = msgspec.msgpack.Decoder(Job)

    def drawn(job: bytes) -> bytes:
        try:
            return draw(decoder.decode(job))
        except Exception as error:
            # One picture that cannot be drawn is no reason to draw no other. What it says may hold a number.
            _log.warning("a picture could not be drawn", why=type(error).__name__)
            return b""

    answer_each(drawn, given, out)


if __name__ == "__main__":
    configure_logging()
    give_way()
    main(sys.stdin.buffer, sys.stdout.buffer)
