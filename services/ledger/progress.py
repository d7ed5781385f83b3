"""What an import tells the person who waits for it: on a terminal how far it is, always which lines were rejected."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from events import Rejected

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, TaskID

    from services.ledger.import_lines import Chunk

__all__ = ["ImportProgress", "plain_size"]

_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


def plain_size(file: str) -> int | None:
    """Return the bytes of a file of lines, None when they cannot be known before reading it."""
    path = Path(file)
    if file == "-" or not path.is_file():
        return None
    try:
        with path.open("rb") as opened:
            return None if opened.read(4).startswith(_COMPRESSED) else path.stat().st_size
    except OSError:
        return None


class ImportProgress:
    """Speaks on standard error; the bar only where that is a terminal."""

    def __init__(self, size: int | None) -> None:
        """`size`: the bytes of all lines, None when not known; then there is no time left to tell."""
        self._size = size
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._lines = 0

    def __enter__(self) -> ImportProgress:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[lines]:,} lines, {task.fields[rate]:,.0f}/s"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("reading the ledger", total=None, lines=0, rate=0.0)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        sys.stderr.flush()

    def caught_up(self, count: int) -> None:
        """`count` more messages of the ledger were read, to know what it holds."""
        self._show("reading the ledger", count, count)

    def begin(self) -> None:
        """The lines of the file come now."""
        if self._bar is not None and self._task is not None:
            self._lines = 0
            self._bar.reset(self._task, total=self._size, description="importing", lines=0, rate=0.0)

    def settled(self, chunk: Chunk) -> None:
        """A chunk of lines is in the ledger."""
        self._show("importing", chunk.read, chunk.size)

    def rejected(self, number: int, why: Rejected) -> None:
        """Name a rejected line: its number, the field and the rule, never a value."""
        text = f"line {number}: {why.field}: {why.rule}"
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(text + "\n")

    def _show(self, description: str, lines: int, size: int) -> None:
        self._lines += lines
        if self._bar is not None and self._task is not None:
            elapsed = self._bar.tasks[0].elapsed or 0.0
            rate = self._lines / elapsed if elapsed > 0 else 0.0
            self._bar.update(self._task, advance=size, description=description, lines=self._lines, rate=rate)
