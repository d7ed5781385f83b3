"""A data directory over to what was written anew: all of it or nothing, and the old destroyed.

What was written anew lies in ``erasing/system``. As long as ``erasing/ready`` is not there the old stands, and what
lies in ``erasing`` is of no use. From then on the new stands: whoever finds it carries on where the one before ended,
and no system starts before that was done (`DataDir.lock`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from deploy.nats_server import NatsServer, NatsServerError
from projections.durable import fsync_directory
from services.erasure.destroying import destroy, destroy_tree
from services.system import DataDir, SystemUnavailable

__all__ = ["begin", "commit", "finish_system", "new_system", "stores_of"]

_DERIVED: Final = ("live.sqlite*", "view-parts", "import.sqlite*", "archive", "tmp", "*.prom", "rejected*")
"""What is made anew of the ledger, or of no use without the old one."""
_LOG: Final = "server.log"


def begin(data_dir: DataDir) -> Path:
    """Make the directory to work in, and give it; what an erasure before left there is destroyed."""
    destroy_tree(data_dir.erasing)
    data_dir.erasing.mkdir(mode=0o700)
    return data_dir.erasing


def new_system(data_dir: DataDir) -> DataDir:
    """Give the data directory in which the system is written anew."""
    return DataDir(data_dir.erasing / "system")


def stores_of(data_dir: DataDir, desks: tuple[str, ...]) -> dict[str, Path]:
    """Give the files of the desks that there are."""
    found = {desk: data_dir.desks / f"{desk}.sqlite" for desk in desks}
    return {desk: path for desk, path in found.items() if path.exists() and path.stat().st_size}


def commit(data_dir: DataDir) -> None:
    """Let the new one stand, on the disk itself, and carry it out."""
    for path in (new_system(data_dir).nats, new_system(data_dir).desks, new_system(data_dir).path):
        if path.exists():
            fsync_directory(path)
    handle = os.open(data_dir.erasing_ready, os.O_WRONLY | os.O_CREAT, 0o600)
    os.fsync(handle)
    os.close(handle)
    fsync_directory(data_dir.erasing)
    finish_system(data_dir)


def finish_system(data_dir: DataDir) -> bool:
    """Carry out what an erasure decided on or, where it had not got so far, destroy what it left.

    Gives whether there was anything. Raises OSError, SystemUnavailable; it can be called again.
    """
    if not data_dir.erasing.exists():
        return False
    try:
        NatsServer(new_system(data_dir).nats).end_orphan()
    except NatsServerError as error:
        raise SystemUnavailable(str(error)) from None
    if data_dir.erasing_ready.exists():
        new, old = new_system(data_dir), data_dir.erasing / "old"
        old.mkdir(exist_ok=True, mode=0o700)
        for written, place in ((new.nats / "store", data_dir.nats / "store"), (new.desks, data_dir.desks)):
            if not written.exists():
                continue
            if place.exists():
                place.rename(old / place.name)
                fsync_directory(old)
            written.rename(place)
            fsync_directory(place.parent)
        for pattern in _DERIVED:
            for path in data_dir.path.glob(pattern):
                destroy_tree(path)
        if (data_dir.nats / _LOG).exists():
            destroy(data_dir.nats / _LOG)
        destroy_tree(old)
        # The marker goes after all that it stands for, and before the directory: that is empty then.
        for path in data_dir.erasing.iterdir():
            if path != data_dir.erasing_ready:
                destroy_tree(path)
    destroy_tree(data_dir.erasing)
    return True
