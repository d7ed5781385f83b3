"""List the silent schools in a process of its own: ``python -m services.reminders DATA_DIR WEEK AS_OF``.

The live view starts it when it is asked, so that neither its fold nor its answers wait for the replay. Writes JSON to
standard output; ends with status 3 when the ledger does not answer.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import structlog

from services.reminders.silence import silent_schools
from services.system import CommandError, DataDir, find_system
from services.system.children import end_with_parent
from services.system.logs import configure_logging

_log = structlog.get_logger(__name__)

_NICE: Final = 5
"""How far the fold goes before this where both want the processor."""


def main() -> int:
    """List them, with the rights of the live view."""
    path, week, as_of = sys.argv[1:]
    record = find_system(DataDir(Path(path)))
    try:
        found = silent_schools(replace(record, nats=record.address_of("view")), week, int(as_of))
    except CommandError as why:
        _log.warning("the silent schools cannot be listed", why=why.message)
        return why.exit_status
    json.dump([asdict(each) for each in found], sys.stdout)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    configure_logging()
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    # At once: the thread that waits for the parent would have DuckDB complain about what it still holds.
    os._exit(main())
