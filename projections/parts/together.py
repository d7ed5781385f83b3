"""All parts of a view written by one process, for whoever brings them on together: a build, not a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from events import part_of
from projections.live.message import Message
from projections.live.view import LiveView
from projections.parts.dividing import divide, part_names
from projections.parts.store import open_part

__all__ = ["Together"]


class Together:
    """Takes messages in as one view does. Nobody else may write these parts."""

    def __init__(self, directory: Path, of: Callable[[str], int] = part_of) -> None:
        """Open, or make, the parts. ``of`` gives that of a pupil, always the same."""
        directory.mkdir(mode=0o700, exist_ok=True)
        self._of = of
        self._stores = [open_part(path) for path in part_names(directory)]
        self.views = [LiveView(store) for store in self._stores]

    @property
    def position(self) -> int:
        """How far that part is which is farthest back."""
        return min(view.position for view in self.views)

    def take(self, messages: Sequence[Message]) -> None:
        """Take in messages in the order of the ledger; they are not written yet."""
        for view, own in zip(self.views, divide(messages, of=self._of).values(), strict=True):
            view.take(own)
        if messages:
            self.pass_to(messages[-1].position)

    def pass_to(self, position: int) -> None:
        """Note that all up to a position has come."""
        for view in self.views:
            view.pass_to(position)

    def write(self) -> None:
        """Write what was taken in, each part by itself."""
        for view in self.views:
            view.write()

    def close(self) -> None:
        """Let go of the parts."""
        for store in self._stores:
            store.datastore.close()
