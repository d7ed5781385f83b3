"""Build the archive of a running system once: ``python -m services.archive DATA_DIR [anew]``.

`services.archive.keeping` starts it. Ends with status 3 when it cannot be built now.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import structlog

from services.archive.building import build
from services.system import CommandError, DataDir
from services.system.beside import run_beside
from services.system.lean import stay_lean

_log = structlog.get_logger(__name__)

_NICER: Final = 10
"""Nobody waits for this: whatever somebody waits for goes before it."""
_MEMORY: Final = "1000MB"


def main() -> int:
    """Build it."""
    if hasattr(os, "nice"):
        os.nice(_NICER)
    path, *options = sys.argv[1:]
    data_dir = DataDir(Path(path))
    try:
        build(data_dir.archive, data_dir, None, anew="anew" in options, memory=_MEMORY, told=_log.debug)
    except CommandError as why:
        _log.warning("the archive cannot be built now", why=why.message)
        return why.exit_status
    return 0


if __name__ == "__main__":
    stay_lean()
    run_beside(main)
