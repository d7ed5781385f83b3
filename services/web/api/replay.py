"""Replay the ledger in a process of its own: ``python -m services.web.api.replay DATA_DIR AS_OF all|some``.

The page's server starts it when tables as of an earlier time are asked for, so that no page waits for it. Writes both
tables by column as JSON, with the ledger's position, to standard output; ends with status 3 when the ledger does not
answer. With ``all``, the counts have rows of zeros too.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from projections.evaluation import columns_of, replaying
from projections.tables import MEASURES
from services.archive.fresh import fresh_archive
from services.ledger.connecting import connect
from services.ledger.history import history
from services.ledger.reading import last_sequence
from services.system import DataDir, SystemRecord, find_system
from services.system.beside import answer_once, run_beside


async def _last(record: SystemRecord) -> int:
    async with await connect(record.nats, name="page") as ledger:
        return await last_sequence(ledger.nc)


def _replayed(data_dir: DataDir, record: SystemRecord, as_of: int, all_rows: bool) -> dict[str, Any]:
    if (kept := fresh_archive(data_dir, record, as_of)) is not None:
        tables = {name: _columns(kept.archive.table(name, as_of, all_rows=all_rows)) for name in MEASURES}
        return {"position": kept.position, "tables": tables}
    position = asyncio.run(_last(record))
    with replaying(columns_of(history(record, position), keep_event=False)) as replay:
        tables = {}
        for name in MEASURES:
            tables[name] = _columns(replay.table(name, as_of, all_rows and name == "counts"))
    return {"position": position, "tables": tables}


def _columns(table: pa.Table) -> dict[str, list[Any]]:
    return {column: table[column].to_pylist() for column in table.column_names}


def main() -> int:
    """Replay, with the rights of the page's server."""
    path, as_of, which = sys.argv[1:]

    def find() -> dict[str, Any]:
        data_dir = DataDir(Path(path))
        record = find_system(data_dir)
        return _replayed(data_dir, replace(record, nats=record.address_of("page")), int(as_of), which == "all")

    return answer_once(find, "the ledger cannot be replayed")


if __name__ == "__main__":
    run_beside(main)
