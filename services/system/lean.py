"""What our own processes do without."""

from __future__ import annotations

import sys
from typing import Final

__all__ = ["stay_lean"]

_UNUSED: Final = ("pandas", "rich")


class _Without:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        if name in _UNUSED:
            raise ModuleNotFoundError(f"this process does without {name}", name=name)


def stay_lean() -> None:
    """Let this process know neither pandas nor rich, which nothing of ours uses.

    Wherever they are installed, by whatever else needs them, pyarrow reads the one before its first array, half a
    second and more, and structlog the other at once, a fifth of a second, in every process. To be called before that,
    by a process of our own only.
    """
    if _Without not in sys.meta_path:
        sys.meta_path.insert(0, _Without)
