"""Building the live view anew in a process beside the one that follows the ledger."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from services.system.children import VARIABLE

__all__ = ["built_beside", "rebuilding"]

_log = structlog.get_logger(__name__)


def rebuilding(data_dir: Path) -> subprocess.Popen[bytes]:
    """Start to build it. The process ends with this one, however that ends."""
    command = [sys.executable, "-m", "services.view.rebuilding", str(data_dir)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=os.environ | {VARIABLE: "1"})


@contextmanager
def built_beside(data_dir: Path, *, wanted: bool) -> Iterator[None]:
    """Where it is ``wanted``, build it during the block: an earlier release did not keep something."""
    if not wanted:
        yield
        return
    _log.info("the live view is built anew beside this one: an earlier release did not keep all of it")
    with rebuilding(data_dir) as building:
        try:
            yield
        finally:
            building.kill()
