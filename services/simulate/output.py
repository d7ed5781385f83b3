"""Writing a simulated history to standard output or a file, compressed when its name says so."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import zstandard

from services.simulate.history import Plan, blocks

__all__ = ["write_history"]

# Beyond these levels the lines get hardly smaller: half of each is random names.
_GZIP_LEVEL: Final = 3
_ZSTD_LEVEL: Final = 3


class _Writes(Protocol):
    def write(self, data: bytes, /) -> object: ...


@contextmanager
def _opened(target: str) -> Iterator[_Writes]:
    if target == "-":
        out = sys.stdout.buffer
        # With PYTHONUNBUFFERED it is a raw stream, which may take only a part of what it is given.
        if isinstance(out, io.RawIOBase):
            buffered = io.BufferedWriter(out)
            yield buffered
            buffered.detach()
        else:
            yield out
            out.flush()
        return
    with Path(target).open("wb") as file:
        if target.endswith(".gz"):
            # Neither name nor time in the header: equal histories make equal files.
            with gzip.GzipFile(filename="", mode="wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0) as packed:
                yield packed
        elif target.endswith(".zst"):
            with zstandard.ZstdCompressor(level=_ZSTD_LEVEL).stream_writer(file, closefd=False) as stream:
                yield stream
        else:
            yield file


def write_history(plan: Plan, target: str) -> tuple[int, int | None, int | None]:
    """Write the history as NDJSON to a file, or to standard output for `-`; a file that is there is replaced.

    A name that ends in `.gz` or `.zst` is compressed. Gives how many events there are, and when (micros) the first and
    the last were recorded. Raises OSError where it cannot be written.
    """
    count, first, last = 0, None, None
    with _opened(target) as out:
        for recorded, lines in blocks(plan):
            out.write(b"\n".join(lines) + b"\n")
            count += len(lines)
            first, last = recorded[0] if first is None else first, recorded[-1]
    return count, first, last
