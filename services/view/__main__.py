"""Run the live view of the system on a data directory: ``python -m services.view DATA_DIR``."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from services.system import DataDir
from services.system.children import end_with_parent
from services.system.lean import stay_lean
from services.system.logs import configure_logging
from services.view.app import ViewService
from services.view.switching import put_into_place


def main() -> None:
    """Run until a signal, or until the parent ends.

    A view that was built anew is put into place between two lives of the same process: nothing of the old database is
    open then.
    """
    stay_lean()
    configure_logging()
    end_with_parent()
    data_dir = DataDir(Path(sys.argv[1]))
    put_into_place(data_dir)
    service = ViewService(data_dir)
    asyncio.run(service.app.run())
    if service.replaced:
        os.execv(sys.executable, [sys.executable, "-m", "services.view", *sys.argv[1:]])  # noqa: S606 - ourselves


if __name__ == "__main__":
    main()
