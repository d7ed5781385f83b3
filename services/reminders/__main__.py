"""List the silent schools in a process of its own: ``python -m services.reminders DATA_DIR WEEK AS_OF``.

The live view starts it when it is asked, so that neither its fold nor its answers wait for the replay. Writes JSON to
standard output; ends with status 3 when the ledger does not answer.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import structlog

from services.reminders.silence import silent_schools
from services.system import CommandError, DataDir, find_system
from services.system.beside import run_beside

_log = structlog.get_logger(__name__)


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
    run_beside(main)
