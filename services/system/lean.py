"""What our own processes do without."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["stay_lean"]

_without: Final[set[str]] = set()


class _Without:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name in _without:
            raise ModuleNotFoundError(f"this process does without {name}", name=name)


def stay_lean(*, tables: bool = False) -> None:
    """Let this process know neither pandas nor rich; with ``tables`` rich stays, with which commands print some.

    Wherever they are installed, by whatever else needs them, pyarrow reads the one before its first array, half a
    second and more, and structlog the other at once, a fifth of a second, in every process. To be called before that,
    by a process of our own only.
    """
    _without.update(["pandas"] if tables else ["pandas", "rich"])
    if _Without not in sys.meta_path:
        sys.meta_path.insert(0, _Without)
