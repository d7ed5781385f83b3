"""Archives of lines of events, made as a service would: some messages at a time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from events.parse import parse_event
from events.times import to_micros
from projections.archive import Archive, Manifest, Piece, add_pieces, locked
from projections.archive.log import CHUNK
from projections.archive.settling import PART, settle
from projections.evaluation import columns_of
from projections.tables import write_csv
from tests.projections.evaluation.histories import line
from tests.projections.evaluation.oracle import Said


def messages_of(lines: Iterable[str]) -> list[tuple[int, int, bytes]]:
    messages = []
    for number, text in enumerate(lines, start=1):
        recorded = parse_event(text).recordedtime
        assert recorded is not None
        messages.append((number, to_micros(recorded), text.encode()))
    return messages


def piece_of(messages: Sequence[tuple[int, int, bytes]]) -> Piece:
    batches = list(columns_of(messages, keep_event=True))
    return Piece(messages[0][0], messages[-1][0], len(messages), batches)


def write(
    directory: Path,
    lines: Iterable[str],
    pieces: int = 1,
    size: int = 1_000_000,
    part: int = PART,
    chunk: int = CHUNK,
    source: str = "file",
) -> Manifest:
    """Write an archive of the lines; again and again, when they come in pieces."""
    messages = messages_of(lines)
    step = -(-len(messages) // pieces)
    with locked(directory):
        manifest = Manifest.read(directory) or Manifest(source)
        for begin in range(0, len(messages), step):
            manifest = add_pieces(directory, manifest, [piece_of(messages[begin : begin + step])], size)
        manifest = settle(directory, manifest, part=part, chunk=chunk)
        manifest.remove_others(directory)
    return manifest


@contextmanager
def archive_of(
    lines: Iterable[str], pieces: int = 1, size: int = 1_000_000, part: int = PART, chunk: int = CHUNK
) -> Iterator[Archive]:
    with TemporaryDirectory() as temporary:
        write(Path(temporary), lines, pieces, size, part, chunk)
        yield Archive(Path(temporary))


def lines_of(said: Iterable[Said]) -> list[str]:
    return [line(event) for event in said]


def csv_of(name: str, table: pa.Table) -> str:
    text = io.StringIO()
    write_csv(name, zip(*(column.to_pylist() for column in table.columns), strict=True), text)
    return text.getvalue()
