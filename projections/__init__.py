"""What follows from the events: the count and its neighbours, live and replayed.

`projections.replay(...)` is the one call for analysts: a table as of any instant, as an Arrow table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from projections.archive.replaying import replay

__all__ = ["replay"]


def __getattr__(name: str) -> object:
    # Only who asks for it waits for what it brings along.
    if name == "replay":
        from projections.archive.replaying import replay

        return replay
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
