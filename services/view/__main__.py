"""Run the live view of the system on a data directory: ``python -m services.view DATA_DIR``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from services.system import DataDir
from services.system.children import end_with_parent
from services.system.logs import configure_logging
from services.view.app import ViewService


def main() -> None:
    """Run until a signal, or until the parent ends."""
    configure_logging()
    end_with_parent()
    asyncio.run(ViewService(DataDir(Path(sys.argv[1]))).app.run())


if __name__ == "__main__":
    main()
