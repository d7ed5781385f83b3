"""Run one worker of the live view: ``python -m services.view.parts DATA_DIR NUMBER OF``, numbers from 1."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from services.system import DataDir
from services.system.children import end_with_parent
from services.system.lean import stay_lean
from services.system.logs import configure_logging
from services.view.parts.worker import PartWorker, parts_of


def main() -> None:
    """Run until SIGINT or SIGTERM, or until the parent ends."""
    stay_lean()
    configure_logging()
    end_with_parent()
    data_dir = DataDir(Path(sys.argv[1]))
    worker = PartWorker(data_dir.path, data_dir.view_parts, parts_of(int(sys.argv[2]) - 1, int(sys.argv[3])))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()


if __name__ == "__main__":
    main()
