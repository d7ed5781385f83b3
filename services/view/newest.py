"""How far the ledger is: apart, since whoever only asks this need not load what a rebuild needs."""

from __future__ import annotations

from services.ledger.connecting import connect
from services.ledger.reading import last_sequence
from services.system import DataDir, find_system


async def newest(data_dir: DataDir) -> int:
    """Give the ledger's newest sequence. Raises SystemUnavailable when the ledger does not answer."""
    async with await connect(find_system(data_dir).nats, name="rebuild") as ledger:
        return await last_sequence(ledger.nc)
