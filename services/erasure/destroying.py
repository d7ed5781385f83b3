"""The old file away for good: its place taken by the new one, its bytes overwritten before it goes.

On a disk that writes elsewhere (an SSD, a file system with snapshots) overwritten bytes may live on: docs/erasure.md.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from projections.durable import fsync_directory

__all__ = ["beside", "destroy", "destroy_tree", "finish", "put"]

_BLOCK: Final = 1 << 20


def beside(path: Path) -> Path:
    """Give where the new file is written before it takes the old one's place."""
    return path.with_name(f".{path.name}.erasing")


def put(path: Path) -> None:
    """Put the new file into the place of the old one and destroy that. Ended half-way, `finish` does the rest."""
    os.link(path, _old(path))
    beside(path).replace(path)
    fsync_directory(path.parent)
    destroy(_old(path))


def finish(path: Path) -> bool:
    """Destroy what an erasure that was ended half-way left beside a file; whether there was anything."""
    old, new = _old(path), beside(path)
    found = old.exists() or new.exists()
    if old.exists():
        if old.samefile(path):
            old.unlink()
        else:
            destroy(old)
    if new.exists():
        destroy(new)
    return found


def destroy(path: Path) -> None:
    """Overwrite a file with zeros, on the disk, and remove it. Raises OSError."""
    with path.open("r+b") as file:
        left = path.stat().st_size
        while left > 0:
            left -= file.write(bytes(min(left, _BLOCK)))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    fsync_directory(path.parent)


def destroy_tree(path: Path) -> None:
    """Overwrite and remove a file, or all files below a directory and the directory. Links are only removed."""
    if path.is_symlink():
        path.unlink()
    elif path.is_dir():
        for each in path.iterdir():
            destroy_tree(each)
        path.rmdir()
        fsync_directory(path.parent)
    elif path.exists():
        destroy(path)


def _old(path: Path) -> Path:
    return path.with_name(f".{path.name}.erased")
