"""Audit the system on a data directory in a process of its own: ``python -m services.audits DATA_DIR``.

The live view starts it, so that neither its fold nor the pages wait. It records what it finds; ends with status 3 when
the system cannot be reached.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import structlog

from services.audits.running import audit, keep
from services.system import CommandError, DataDir
from services.system.beside import run_beside
from services.system.lean import stay_lean

_log = structlog.get_logger(__name__)

_PATIENCE: Final = 60.0
"""Seconds to wait for the view to have what the ledger holds as the audit begins."""
_NICER: Final = 10
"""Nobody waits for an audit: whatever somebody waits for goes before it."""


def main() -> int:
    """Audit once."""
    if hasattr(os, "nice"):
        os.nice(_NICER)
    data_dir = DataDir(Path(sys.argv[1]))
    try:
        _, found = audit(data_dir, _PATIENCE)
    except CommandError as why:
        _log.warning("the audit cannot be done", why=why.message)
        return why.exit_status
    if (trouble := keep(data_dir, found)) is not None:
        _log.error("the audit cannot be recorded", why=trouble)
    if found.equal:
        _log.info("audit: live equals replay", cells=found.cells, seconds=found.seconds)
    else:
        # Which cells they are is about few children: a command shows them to whoever asks.
        _log.error(
            "audit: live differs from replay; `kindinbeeld audit` shows where, `kindinbeeld rebuild` makes it anew",
            cells=found.cells,
            differences=found.differences,
        )
    return 0


if __name__ == "__main__":
    stay_lean()
    run_beside(main)
