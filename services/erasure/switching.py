"""A system over to what was written anew: all of it or nothing, and the old destroyed.

What was written anew lies in ``erasing/system``, and in databases in schemas beside the old. As long as
``erasing/ready`` is not there the old stands, and what was written anew is of no use. From then on the new stands:
whoever finds it carries on where the one before ended, and no system starts before that was done (`DataDir.lock`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.nats_server import NatsServer, NatsServerError
from deploy.postgres_server import PostgresServer
from deploy.private_files import write_private
from projections.durable import fsync_directory
from services.erasure.destroying import destroy, destroy_tree
from services.erasure.outside import Elsewhere, Held, drop_what_was_left, put_databases_over
from services.erasure.servers import Overtaken, Remade, put_ledger_over
from services.system import DataDir, Settings, SystemUnavailable

__all__ = ["begin", "commit", "finish_system", "new_system"]

_DERIVED: Final = ("live.sqlite*", "view-parts", "import.sqlite*", "archive", "tmp", "*.prom", "rejected*")
"""What is made anew of the ledger, or of no use without the old one."""
_LOGS: Final = ("nats", "postgres")

Told = Callable[[str], None]


def begin(data_dir: DataDir) -> Path:
    """Make the directory to work in, and give it; what an erasure before left there is destroyed."""
    destroy_tree(data_dir.erasing)
    data_dir.erasing.mkdir(mode=0o700)
    return data_dir.erasing


def new_system(data_dir: DataDir) -> DataDir:
    """Give the data directory in which the system is written anew."""
    return DataDir(data_dir.erasing / "system")


def commit(data_dir: DataDir, settings: Settings, elsewhere: Elsewhere, held: Held, told: Told) -> None:
    """Let the new one stand, on the disk itself, and carry it out."""
    new = new_system(data_dir)
    for path in (new.nats, new.desks, new.postgres, new.path):
        if path.exists():
            fsync_directory(path)
    write_private(data_dir.erasing_ready, elsewhere.text())
    fsync_directory(data_dir.erasing)
    finish_system(data_dir, settings, told, held)


def finish_system(data_dir: DataDir, settings: Settings, told: Told, held: Held | None = None) -> bool:
    """Carry out what an erasure decided on or, where it had not got so far, destroy what it left.

    Gives whether there was anything. `held`: the databases, where they are held already. Raises OSError,
    SystemUnavailable; it can be called again. Raises ErasureError where it was called off, and the old stands.
    """
    if not data_dir.erasing.exists():
        return False
    _end_orphans(data_dir)
    if data_dir.erasing_ready.exists():
        elsewhere = Elsewhere.read(data_dir.erasing_ready.read_text("utf-8"))
        if elsewhere.ledger is not None:
            _put_ledger_over(data_dir, settings, elsewhere, told)
        put_databases_over(elsewhere, settings, told, held)
        _put_files_over(data_dir)
        # The marker goes after all that it stands for, and before the directory: that is empty then.
        for path in data_dir.erasing.iterdir():
            if path != data_dir.erasing_ready:
                destroy_tree(path)
    else:
        drop_what_was_left(settings)
    destroy_tree(data_dir.erasing)
    return True


def _put_ledger_over(data_dir: DataDir, settings: Settings, elsewhere: Elsewhere, told: Told) -> None:
    try:
        remade = Remade.of(elsewhere.ledger or {})
        put_ledger_over(new_system(data_dir), settings, remade, elsewhere.id, told)
    except Overtaken:
        # Nothing was put over yet: it is called off.
        data_dir.erasing_ready.unlink()
        fsync_directory(data_dir.erasing)
        finish_system(data_dir, settings, told)
        raise


def _end_orphans(data_dir: DataDir) -> None:
    """End the servers of an erasure that was killed."""
    new = new_system(data_dir)
    try:
        NatsServer(new.nats).end_orphan()
    except NatsServerError as error:
        raise SystemUnavailable(str(error)) from None
    for directory in (new.postgres, data_dir.postgres):
        PostgresServer(directory).end_orphan()


def _put_files_over(data_dir: DataDir) -> None:
    new, old = new_system(data_dir), data_dir.erasing / "old"
    old.mkdir(exist_ok=True, mode=0o700)
    for written, place in (
        (new.nats / "store", data_dir.nats / "store"),
        (new.desks, data_dir.desks),
        (new.postgres / "data", data_dir.postgres / "data"),
        (new.erased, data_dir.erased),
    ):
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
    for directory in _LOGS:
        log = data_dir.path / directory / "server.log"
        if log.exists():
            destroy(log)
    destroy_tree(old)
