"""Giving memory back to the system, which the allocator would keep for the next time that as much is needed."""

from __future__ import annotations

import ctypes
import gc

__all__ = ["give_back"]


def give_back() -> None:
    """Give back what is not in use, where the C library can (glibc). Takes some hundredths of a second."""
    gc.collect()
    # Of musl or macOS, which lack it, nothing is asked.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
