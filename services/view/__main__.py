"""Run the live view of the system on a data directory: ``python -m services.view DATA_DIR``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog

from services.system import DataDir, SystemUnavailable
from services.system.children import end_with_parent
from services.system.lean import stay_lean
from services.system.logs import configure_logging
from services.view.app import ViewService
from services.view.switching import put_into_place

_log = structlog.get_logger(__name__)


def main() -> None:
    """Run until a signal, or until the parent ends."""
    stay_lean()
    configure_logging()
    end_with_parent()
    data_dir = DataDir(Path(sys.argv[1]))
    try:
        put_into_place(data_dir)
    except SystemUnavailable as why:
        _log.info("a view that may wait is not put into place at the start", why=why.message)
    asyncio.run(ViewService(data_dir).app.run())


if __name__ == "__main__":
    main()
