"""Building the live view anew in a process beside the one that follows the ledger."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from services.system.children import VARIABLE

__all__ = ["COMPARED", "built_beside", "rebuilding"]

COMPARED: Final = "compared"
"""Said to who builds beside a view that goes on: the new one is compared with it first."""

_log = structlog.get_logger(__name__)


def rebuilding(data_dir: Path, *more: str) -> subprocess.Popen[bytes]:
    """Start to build it, as the module `rebuilding` says. The process ends with this one, however that ends."""
    command = [sys.executable, "-m", "services.view.rebuilding", str(data_dir), *more]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | {VARIABLE: "1"})


@contextmanager
def built_beside(data_dir: Path, *, wanted: bool) -> Iterator[None]:
    """Where it is ``wanted``, build it during the block: an earlier release did not keep something."""
    if not wanted:
        yield
        return
    _log.info("the live view is built anew beside this one: an earlier release did not keep all of it")
    with rebuilding(data_dir, COMPARED) as building:
        try:
            yield
        finally:
            building.kill()
