"""The ledger in Parquet, made for replay: immutable segments of events, and what stands of them as small numbers.

Written by ``writing`` and ``settling``, read by ``Archive`` (tables as of any instant), described in docs/archive.md.
"""

from projections.archive.asof import Archive, rows_of
from projections.archive.manifest import ArchiveError, Manifest, locked
from projections.archive.replaying import replay
from projections.archive.writing import Piece, add_pieces

__all__ = ["Archive", "ArchiveError", "Manifest", "Piece", "add_pieces", "locked", "replay", "rows_of"]
